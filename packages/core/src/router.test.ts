import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError } from "./errors.ts";
import { int } from "./matchers.ts";
import { compareSegments, expandOptionals, parsePattern, type Segment } from "./pattern.ts";
import { createRouter, onePattern, type RouteSegment, type Row } from "./router.ts";
import type { Match, Route } from "./types.ts";

function toPath(segments: readonly Segment[]): RouteSegment[] {
  return segments.map(({ kind, value, matcher }) => {
    if (kind === "static") return value;
    if (kind === "rest") return { name: value, rest: "one-or-more" };
    if (kind === "optional-rest") return { name: value, rest: "any" };
    return { name: value, ...(matcher === "int" && { test: int }) };
  });
}

function router(...patterns: string[]): Match {
  const rows = patterns
    .flatMap((pattern) => {
      const route: Route = { pattern, module: {}, middleware: [] };
      return expandOptionals(parsePattern(pattern)).map((segments) => ({ segments, route }));
    })
    .sort((a, b) => compareSegments(a.segments, b.segments));
  return createRouter(rows.map(({ segments, route }): Row => [toPath(segments), route]));
}

const one = (pattern: string): Match =>
  onePattern(toPath(parsePattern(pattern)), { pattern, module: {}, middleware: [] });

const found = (match: Match, path: string) => {
  const hit = match(path);
  return hit && [hit.route.pattern, hit.params];
};

test("static text beats a matcher, a matcher a parameter, a parameter a rest", () => {
  const match = router("/[...all]", "/[name]", "/[id=int]", "/about", "/");
  assert.deepEqual(found(match, "/"), ["/", {}]);
  assert.deepEqual(found(match, "/about"), ["/about", {}]);
  assert.deepEqual(found(match, "/12"), ["/[id=int]", { id: "12" }]);
  assert.deepEqual(found(match, "/x"), ["/[name]", { name: "x" }]);
  assert.deepEqual(found(match, "/x/y"), ["/[...all]", { all: ["x", "y"] }]);
});

test("a branch that leads nowhere is left again for a less specific one", () => {
  const match = router("/users/new", "/users/[id]/edit", "/[...all]", "/users/[id=int]/[tab]");
  assert.deepEqual(found(match, "/users/new/edit"), ["/users/[id]/edit", { id: "new" }]);
  assert.deepEqual(found(match, "/users/7/edit"), ["/users/[id=int]/[tab]", { id: "7", tab: "edit" }]);
  assert.deepEqual(found(match, "/users/a/b"), ["/[...all]", { all: ["users", "a", "b"] }]);
});

test("an optional parameter may be absent, and is then undefined", () => {
  const match = router("/[[lang]]/about");
  assert.deepEqual(found(match, "/de/about"), ["/[[lang]]/about", { lang: "de" }]);
  assert.deepEqual(found(match, "/about"), ["/[[lang]]/about", {}]);
  assert.equal(match("/about")?.params.lang, undefined);
});

test("a rest takes one segment or more, an optional rest none or more", () => {
  const match = router("/files/[...path]", "/docs/[[...path]]");
  assert.equal(match("/files"), undefined);
  assert.deepEqual(found(match, "/files/a/b"), ["/files/[...path]", { path: ["a", "b"] }]);
  assert.deepEqual(found(match, "/docs"), ["/docs/[[...path]]", { path: [] }]);
  assert.deepEqual(found(match, "/docs/a"), ["/docs/[[...path]]", { path: ["a"] }]);
});

test("two patterns of one shape may name their parameters differently", () => {
  const match = router("/a/[id]/x", "/a/[name]/y");
  assert.deepEqual(found(match, "/a/1/x"), ["/a/[id]/x", { id: "1" }]);
  assert.deepEqual(found(match, "/a/1/y"), ["/a/[name]/y", { name: "1" }]);
});

for (const [kind, make] of [
  ["a router", (pattern: string) => router(pattern)],
  ["one pattern", one],
] as const) {
  test(`${kind}: an encoded slash stays inside its segment`, () => {
    assert.deepEqual(found(make("/f/[name]"), "/f/a%2Fb"), ["/f/[name]", { name: "a/b" }]);
    assert.deepEqual(found(make("/f/[...path]"), "/f/a%2Fb/c"), ["/f/[...path]", { path: ["a/b", "c"] }]);
  });

  test(`${kind}: a segment is decoded exactly once`, () => {
    assert.deepEqual(found(make("/f/[name]"), "/f/100%2525"), ["/f/[name]", { name: "100%25" }]);
    assert.deepEqual(found(make("/f/[name]"), "/f/a+b"), ["/f/[name]", { name: "a+b" }]);
    assert.deepEqual(found(make("/grüße"), "/gr%C3%BC%C3%9Fe"), ["/grüße", {}]);
    assert.deepEqual(found(make("/hello"), "/h%65llo"), ["/hello", {}]);
  });

  test(`${kind}: an empty segment, a doubled slash or a trailing slash matches nothing`, () => {
    for (const path of ["/f/", "/f//", "//f", "/f//x", "/f/x/", "//"]) {
      for (const pattern of ["/f", "/f/[a]", "/f/[...a]", "/[[...a]]", "/[a]/[b]"]) {
        assert.equal(make(pattern)(path), undefined, `${path} by ${pattern}`);
      }
    }
  });

  test(`${kind}: malformed percent-encoding is a 400`, () => {
    for (const path of ["/f/%", "/f/%zz", "/f/%C3", "/f/%C0%AF", "/%E0%A4%A"]) {
      assert.throws(
        () => make("/f/[a]")(path),
        (error) => error instanceof HttpError && error.status === 400 && error.options.code === "PATH_MALFORMED",
        path,
      );
    }
  });

  test(`${kind}: encoded dots reach the handler as text`, () => {
    assert.deepEqual(found(make("/f/[...path]"), "/f/%2e%2e%2fetc"), ["/f/[...path]", { path: ["../etc"] }]);
  });

  test(`${kind}: text is compared with case`, () => {
    assert.equal(make("/users")("/Users"), undefined);
  });

  test(`${kind}: a matcher sees the decoded value`, () => {
    assert.deepEqual(found(make("/[id=int]"), "/%31"), ["/[id=int]", { id: "1" }]);
    assert.equal(make("/[id=int]")("/1x"), undefined);
  });

  test(`${kind}: names of Object.prototype are plain text`, () => {
    assert.equal(make("/a")("/constructor"), undefined);
    assert.equal(make("/a")("/__proto__"), undefined);
    assert.deepEqual(found(make("/[toString]"), "/x"), ["/[toString]", { toString: "x" }]);
  });

  test(`${kind}: a path that is too long or too short is no match`, () => {
    for (const path of ["/", "/a", "/a/b/c"]) assert.equal(make("/a/[b]")(path), undefined, path);
  });
}

test("a thousand segments are matched without trouble", () => {
  const path = `/${Array(1000).fill("a").join("/")}`;
  assert.equal(router("/[...all]", "/a/[b]/c")(path)?.params.all?.length, 1000);
});

test("a router without rows matches nothing", () => {
  assert.equal(createRouter([])("/"), undefined);
});
