import assert from "node:assert/strict";
import { test } from "node:test";
import { GodwitError } from "@godwit/core/errors";
import { parsePattern } from "@godwit/core/pattern";
import { createRouter } from "./_emulate/routing.ts";
import { createPlan, type FunctionFixture } from "./build.fixture.ts";
import { createFront, toSource } from "./front.ts";

const source = (pattern: string): RegExp => new RegExp(toSource(parsePattern(pattern)));

/** Which function a path goes to, as Vercel reads the routes. */
function frontOf(functions: FunctionFixture[]): (path: string) => string | undefined {
  const { routes } = createFront(functions.map(createPlan));
  const route = createRouter(routes);
  return (path) => route("GET", path, (output) => functions.some(({ id }) => output === `/_godwit/${id}`)).output;
}

test("a pattern matches whole paths, segment by segment, and never a trailing or a double slash", () => {
  const cases: [string, string[], string[]][] = [
    ["/", ["/"], ["", "//", "/a"]],
    ["/users", ["/users"], ["/users/", "/Users", "/users/1", "/x/users", "//users"]],
    ["/users/[id]", ["/users/1", "/users/a%2Fb", "/users/%zz"], ["/users", "/users/", "/users/1/", "/users/1/2"]],
    ["/files/[...path]", ["/files/a", "/files/a/b"], ["/files", "/files/", "/files//a", "/files/a/", "/files/a//b"]],
    ["/docs/[[...path]]", ["/docs", "/docs/a/b"], ["/docs/", "/docs/a/", "/docsa"]],
    ["/[[...path]]", ["/", "/a", "/a/b"], ["//", "/a/", "/a//b"]],
    ["/[...path]", ["/a", "/a/b"], ["/", "/a/"]],
  ];
  for (const [pattern, yes, no] of cases) {
    for (const path of yes) assert.match(path, source(pattern), `${pattern} takes ${path}`);
    for (const path of no) assert.doesNotMatch(path, source(pattern), `${pattern} does not take ${path}`);
  }
});

test("a static segment matches in every spelling that decodes to it, and special characters are no expression", () => {
  assert.match("/%75sers", source("/users"));
  assert.match("/caf%C3%A9", source("/café"));
  assert.match("/caf%c3%a9", source("/café"));
  assert.match("/a.b+c%28d%29", source("/a.b+c(d)"));
  assert.doesNotMatch("/axb+c(d)", source("/a.b+c(d)"));
  assert.match("/100%25", source("/100%"));
  assert.doesNotMatch("/100%", source("/100%"));
  assert.match("/$1^x|y", source("/$1^x|y"));
});

test("an expression stays within the length that Vercel takes", () => {
  const text = toSource(parsePattern(`/${"a".repeat(1000)}`));
  assert.ok(text.length <= 4096);
  assert.match(`/${"a".repeat(1000)}`, new RegExp(text));
});

test("the more specific route wins whichever function it is in, and what nothing takes goes to the fallback", () => {
  const route = frontOf([
    { id: "rest", routes: [{ pattern: "/[...all]" }] },
    { id: "user", routes: [{ pattern: "/users/[id]" }, { pattern: "/[[lang]]/about" }] },
    { id: "me", routes: [{ pattern: "/users/me" }] },
    { id: "fallback", role: "fallback" },
  ]);
  assert.equal(route("/users/me"), "/_godwit/me");
  assert.equal(route("/users/you"), "/_godwit/user");
  assert.equal(route("/about"), "/_godwit/user");
  assert.equal(route("/en/about"), "/_godwit/user");
  assert.equal(route("/users/you/more"), "/_godwit/rest");
  assert.equal(route("/users/me/"), "/_godwit/fallback");
  assert.equal(route("/"), "/_godwit/fallback");
});

test("no public path names a function: the folder of functions is routed like any other path", () => {
  const route = frontOf([
    { id: "one", routes: [{ pattern: "/one" }] },
    { id: "rest", routes: [{ pattern: "/[a]/[b]" }] },
    { id: "fallback", role: "fallback" },
  ]);
  assert.equal(route("/_godwit/one"), "/_godwit/rest");
  assert.equal(route("/_godwit"), "/_godwit/fallback");
  assert.equal(route("/_godwit/one/more"), "/_godwit/fallback");
});

test("routes that only a matcher tells apart are one route of the front, and an error in two functions", () => {
  const patterns = [{ pattern: "/[id=int]" }, { pattern: "/[name]" }];
  const { front } = createFront([createPlan({ id: "both", routes: patterns })]);
  assert.deepEqual(front, [
    { match: "^/[^/]+$", function: "both" },
    { match: "^/.*$", function: "both" },
  ]);
  const apart = patterns.map((route, index) => createPlan({ id: `f${index}`, routes: [route] }));
  assert.throws(
    () => createFront(apart),
    (error) => error instanceof GodwitError && error.code === "VERCEL_ROUTES_OVERLAP",
  );
});

test("the emulator refuses a route that it does not play, instead of passing over it", () => {
  assert.throws(() => createRouter([{ handle: "miss" }]), { code: "VERCEL_ROUTE_NOT_PLAYED" });
  const unknown = { src: "^/$", has: [] };
  assert.throws(() => createRouter([unknown]), { code: "VERCEL_ROUTE_NOT_PLAYED" });
});

test("the emulator plays continue, methods, status, headers and groups", () => {
  const route = createRouter([
    { src: "^/(?<lang>en|de)/(.*)$", dest: "/$2", headers: { "content-language": "$lang" }, continue: true },
    { src: "^/old$", status: 308, headers: { location: "/new" } },
    { src: "^/post$", methods: ["POST"], dest: "/fn" },
    { handle: "filesystem" },
    { src: "^/.*$", dest: "/fallback" },
  ]);
  const exists = (output: string) => ["/fn", "/fallback", "/page"].includes(output);
  assert.deepEqual(route("GET", "/de/page", exists), {
    output: "/page",
    status: undefined,
    headers: [["content-language", "de"]],
  });
  assert.deepEqual(route("GET", "/old", exists), { status: 308, headers: [["location", "/new"]] });
  assert.equal(route("POST", "/post", exists).output, "/fn");
  assert.equal(route("GET", "/post", exists).output, "/fallback");
});
