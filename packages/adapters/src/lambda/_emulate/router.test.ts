import assert from "node:assert/strict";
import { test } from "node:test";
import { createFrontRouter } from "./router.ts";

const router = createFrontRouter(
  ["/{proxy+}", "GET /users/{id}", "/users/me", "/users/{id}", "/files/{path+}", "/caf%C3%A9", "$default", "/"].map(
    (match) => ({ match, function: match }),
  ),
);

test("the most specific path wins, then the method, then $default", () => {
  const choose = (path: string, method = "GET") => router(method, path)?.function;
  assert.equal(choose("/"), "/");
  assert.equal(choose("/users/me"), "/users/me");
  assert.equal(choose("/users/7"), "GET /users/{id}");
  assert.equal(choose("/users/7", "POST"), "/users/{id}");
  assert.equal(choose("/users/7/posts"), "/{proxy+}");
  assert.equal(choose("/files/a/b"), "/files/{path+}");
  assert.equal(choose("/files"), "/{proxy+}");
});

test("variables are raw text, a greedy one keeps its slashes", () => {
  assert.deepEqual(router("GET", "/users/a%2Fb")?.params, { id: "a%2Fb" });
  assert.deepEqual(router("GET", "/files/a%20/b/")?.params, { path: "a%20/b/" });
});

test("static text is compared decoded, and malformed encoding is only text", () => {
  assert.equal(router("GET", "/caf%c3%a9")?.resource, "/caf%C3%A9");
  assert.equal(router("GET", "/%zz")?.resource, "/{proxy+}");
});

test("of a decoded path nothing is decoded again", () => {
  const routeOf = createFrontRouter([{ match: "ANY /caf%C3%A9", function: "main" }], true);
  assert.equal(routeOf("GET", "/café")?.resource, "/caf%C3%A9");
  assert.equal(routeOf("GET", "/caf%C3%A9"), undefined);
});

test("without $default there may be no route", () => {
  const bare = createFrontRouter([{ match: "GET /a", function: "a" }]);
  assert.equal(bare("GET", "/b"), undefined);
  assert.equal(bare("POST", "/a"), undefined);
  assert.equal(bare("GET", "/a/"), undefined);
});
