import assert from "node:assert/strict";
import { test } from "node:test";
import { createOrigins, joinUrl, readTarget } from "./authority.ts";

test("an origin is written as the URL parser writes it", () => {
  const toOrigin = createOrigins();
  assert.equal(toOrigin("http", "Example.TEST:80"), "http://example.test");
  assert.equal(toOrigin("https", "example.test:80"), "https://example.test:80");
  assert.equal(toOrigin("http", "my_app:3000"), "http://my_app:3000");
  assert.equal(toOrigin("http", "[::1]"), "http://[::1]");
});

test("an authority with more or less than a host and a port has no origin", () => {
  const toOrigin = createOrigins();
  const wrong = ["", "a@b", "a/b", "a?b", "a#b", "a\\b", "a b", "a\tb", "a:b", "a:999999", "[::1", "a%2f", "1.2.3.999"];
  for (const authority of [...wrong, undefined]) assert.equal(toOrigin("http", authority), undefined, authority);
});

test("thousands of made-up names are answered like the first", () => {
  const toOrigin = createOrigins();
  for (let at = 0; at < 2000; at++) assert.equal(toOrigin("http", `h${at}.test`), `http://h${at}.test`);
});

test("a target is a path, or an absolute URL whose authority is handed on", () => {
  assert.deepEqual(readTarget("/a?b"), { path: "/a?b" });
  assert.deepEqual(readTarget("//evil.test/a"), { path: "//evil.test/a" });
  assert.deepEqual(readTarget("HTTP://a.test/b?c"), { path: "/b?c", authority: "a.test" });
  assert.deepEqual(readTarget("http://a.test?c"), { path: "/?c", authority: "a.test" });
  for (const target of ["", "*", "a.test:443", "ftp://a.test/", "http:///x", "?x"]) {
    assert.equal(readTarget(target), undefined, target);
  }
});

test("joining is what the URL parser would make, byte for byte", () => {
  const origin = "http://a.test";
  const paths = [
    "/",
    "/a/b?c=d&e",
    "/a/../b",
    "/./a",
    "/%2E%2e/x",
    "/a b",
    "/\"<>`{}|^'",
    "/a?b'c d",
    "//x/../y",
    "/a;b=c,d@e:f",
    "/.well-known/x",
    "/a..b/...",
    "/a?b/../c",
    "/a\\b",
  ];
  for (const path of paths) assert.equal(joinUrl(origin, path), new URL(origin + path).href, path);
  assert.equal(joinUrl(origin, "/a#b"), "http://a.test/a");
  assert.equal(joinUrl(origin, "/caf\xc3\xa9"), "http://a.test/caf%C3%A9");
});
