import assert from "node:assert/strict";
import { test } from "node:test";
import { matchRoute } from "./router.ts";

const keys = ["ANY /users/{id}", "GET /users/me", "ANY /users/me", "ANY /files/{proxy+}", "ANY /a%20b", "$default"];

const cases: [method: string, path: string, key: string][] = [
  ["GET", "/users/7", "ANY /users/{id}"],
  ["GET", "/users/me", "GET /users/me"],
  ["POST", "/users/me", "ANY /users/me"],
  ["GET", "/users/", "$default"],
  ["GET", "/users/7/posts", "$default"],
  ["GET", "/files/a/b", "ANY /files/{proxy+}"],
  ["GET", "/files/", "$default"],
  ["GET", "/a%20b", "ANY /a%20b"],
  ["GET", "/%zz", "$default"],
];

for (const [method, path, key] of cases) {
  test(`${method} ${path} goes to ${key}`, () => {
    assert.equal(matchRoute(keys, method, path), key);
  });
}

test("without $default there may be no route", () => {
  assert.equal(matchRoute(["GET /a"], "POST", "/a"), undefined);
});
