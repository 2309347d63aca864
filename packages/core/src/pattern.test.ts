import assert from "node:assert/strict";
import { test } from "node:test";
import { claimOf, compareSegments, expandOptionals, type ParamsOf, parsePattern, printPattern } from "./pattern.ts";
import type { Context, Params } from "./types.ts";

const code = (expected: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === expected;

test("a pattern is read segment by segment", () => {
  assert.deepEqual(parsePattern("/"), []);
  assert.deepEqual(parsePattern("/users/[id=int]/[[tab]]/[...rest]"), [
    { kind: "static", value: "users" },
    { kind: "param", value: "id", matcher: "int" },
    { kind: "optional", value: "tab" },
    { kind: "rest", value: "rest" },
  ]);
  assert.deepEqual(parsePattern("/[[...all]]"), [{ kind: "optional-rest", value: "all" }]);
});

test("printing a parsed pattern gives it back", () => {
  for (const pattern of ["/", "/a/b", "/[a]/[[b]]/[c=int]", "/[[d=slug]]/[...e]", "/x/[[...f]]"]) {
    assert.equal(printPattern(parsePattern(pattern)), pattern);
  }
});

test("what is no pattern is a coded error that names it", () => {
  const wrong = [
    "",
    "users",
    "/users/",
    "//",
    "/a//b",
    "/.",
    "/../x",
    "/a[id]",
    "/[id]x",
    "/[]",
    "/[id",
    "/id]",
    "/[[id]",
    "/[id]]",
    "/[1d]",
    "/[...rest]/more",
    "/[[...rest]]/more",
    "/[...rest=int]",
    "/[id]/[id]",
    "/[__proto__]",
    "/[id=]",
    "/[[a]]/[[b]]/[[c]]/[[d]]/[[e]]",
  ];
  for (const pattern of wrong) assert.throws(() => parsePattern(pattern), code("PATTERN_INVALID"), pattern);
});

test("each optional is there or not, the fullest path first", () => {
  const paths = expandOptionals(parsePattern("/[[a]]/x/[[b]]")).map(printPattern);
  assert.deepEqual(paths, ["/[a]/x/[b]", "/[a]/x", "/x/[b]", "/x"]);
});

test("the more specific pattern comes first, whatever order files are read in", () => {
  const sorted = [
    "/a/b",
    "/a/[id=int]",
    "/a/[id=slug]",
    "/a/[id]/x",
    "/a/[id]",
    "/a",
    "/a/[...rest]",
    "/a/[[...rest]]",
    "/[x=int]",
    "/[x]/a",
    "/[x]",
    "/",
    "/[...x]",
    "/[[...x]]",
  ];
  const shuffled = [...sorted].sort((a, b) => (a.slice(1) + a.length < b.slice(1) + b.length ? -1 : 1)).reverse();
  const back = shuffled.map(parsePattern).sort(compareSegments).map(printPattern);
  assert.deepEqual(back, sorted);
});

test("two patterns that differ in the names of parameters alone have one claim", () => {
  assert.equal(claimOf(parsePattern("/[a]/x")), claimOf(parsePattern("/[b]/x")));
  assert.notEqual(claimOf(parsePattern("/[a=int]")), claimOf(parsePattern("/[a]")));
  assert.notEqual(claimOf(parsePattern("/[...a]")), claimOf(parsePattern("/[[...a]]")));
  assert.equal(claimOf([]), "/");
});

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(holds: Same<A, B>): boolean => holds;

test("the types of params follow from the pattern", () => {
  const all = [
    same<ParamsOf<"/users/[id]">, { id: string }>(true),
    same<ParamsOf<"/users/[id=int]/[[tab]]">, { id: string; tab: string | undefined }>(true),
    same<ParamsOf<"/[[lang=slug]]/x">, { lang: string | undefined }>(true),
    same<ParamsOf<"/files/[...path]">, { path: string[] }>(true),
    same<ParamsOf<"/files/[[...path]]">, { path: string[] }>(true),
    same<keyof ParamsOf<"/about">, never>(true),
    same<ParamsOf<string>, Params>(true),
    same<ParamsOf<{ id: string }>, { id: string }>(true),
    same<Context<"/a/[b]">["params"], { b: string }>(true),
    same<ParamsOf<"/users/[id]">, { id: number }>(false),
  ];
  assert.equal(all.length, 10);
});
