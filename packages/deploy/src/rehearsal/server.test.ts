import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { isMeant, serveCalls } from "./server.ts";

test("clients of this machine are meant, under each of its names", () => {
  for (const host of [
    "127.0.0.1:4000",
    "127.0.0.1",
    "[::1]:4000",
    "localhost:4000",
    "bucket.localhost",
    "192.168.1.7:80",
  ])
    assert.ok(isMeant({ headers: { host } }), host);
});

test("a page in the browser is not: neither by its origin nor by a name that was made to lead here", () => {
  const host = "127.0.0.1:4000";
  assert.ok(!isMeant({ headers: { host, origin: "https://evil.example" } }));
  assert.ok(!isMeant({ headers: { host, origin: "null" } }));
  assert.ok(!isMeant({ headers: { host, "sec-fetch-site": "cross-site" } }));
  for (const name of ["evil.example:4000", "localhost.evil.example", "127.0.0.1.evil.example", ""])
    assert.ok(!isMeant({ headers: { host: name } }), name);
});

test("a control plane refuses a call under a foreign name, and does none of its work", async (t) => {
  const handled: string[] = [];
  const server = await serveCalls({
    nameOf: ({ path }) => path,
    async handle({ path }) {
      handled.push(path);
      return { status: 200 };
    },
    onError: () => ({ status: 500 }),
  });
  t.after(() => server.close());
  const status = await new Promise((resolve, reject) => {
    const headers = { host: `evil.example:${server.url.port}`, authorization: "Bearer rehearsal" };
    request(server.url, { headers }, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });
  assert.equal(status, 403);
  assert.equal((await fetch(server.url)).status, 200);
  assert.deepEqual([handled, server.calls], [["/"], ["/"]]);
});
