import assert from "node:assert/strict";
import { test } from "node:test";
import { get } from "../app.fixture.ts";
import { createApp } from "../app.ts";
import { onePattern } from "../router.ts";
import { type TrailingSlashOptions, trailingSlash } from "./trailing-slash.ts";

const ask = async (path: string, options?: TrailingSlashOptions) => {
  const middleware = [trailingSlash(options)];
  const route = { pattern: "/about", module: { GET: () => new Response("about") }, middleware };
  const response = await get(createApp(onePattern(["about"], route), { middleware }), path);
  return [response.status, response.headers.get("location")];
};

test("a trailing slash is taken off, with method and query kept", async () => {
  assert.deepEqual(await ask("/about/"), [308, "/about"]);
  assert.deepEqual(await ask("/about/?a=/b/"), [308, "/about?a=/b/"]);
  assert.deepEqual(await ask("/a%2F//"), [308, "/a%2F"]);
  assert.deepEqual(await ask("/about"), [200, null]);
  assert.deepEqual(await ask("/"), [404, null]);
});

test("no path can make the location another host", async () => {
  const paths = [
    "//evil.example/",
    "//evil.example//",
    "/\\evil.example/",
    "//",
    "/.//evil.example/",
    "/%2F/evil.example",
    "///evil.example/%2e%2e/",
  ];
  for (const mode of ["remove", "add"] as const) {
    for (const path of paths) {
      const [, location] = await ask(path, { mode });
      const leads = new URL(String(location ?? ""), "http://app.test/");
      assert.equal(leads.origin, "http://app.test", `${mode} ${path}`);
    }
  }
});

test("a slash is added where nothing answers without it, and files stay", async () => {
  const add = { mode: "add" } as const;
  assert.deepEqual(await ask("/docs?x", add), [308, "/docs/?x"]);
  assert.deepEqual(await ask("/about", add), [200, null]);
  assert.deepEqual(await ask("/docs/", add), [404, null]);
  assert.deepEqual(await ask("/v1.2/logo.png", add), [404, null]);
  assert.deepEqual(await ask("/v1.2/docs", add), [308, "/v1.2/docs/"]);
  assert.deepEqual(await ask("//evil.example", add), [404, null]);
});

test("a long run of slashes inside a path costs no more than its length", () => {
  // A regular expression for the end of it needs the square: minutes for this path.
  const path = `/a${"/".repeat(200_000)}x`;
  return ask(path).then((answer) => assert.deepEqual(answer, [404, null]));
});
