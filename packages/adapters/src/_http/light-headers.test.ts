import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { defineLightHeaders } from "./light-headers.ts";

const { from, list } = defineLightHeaders(Headers);
const makers = [(init?: unknown) => Reflect.construct(Headers, init === undefined ? [] : [init]), from];

/** Everything that a caller can see, or why there is nothing. */
function look(make: () => Headers): unknown {
  try {
    const headers = make();
    const walked: unknown[] = [];
    headers.forEach((value, name, all) => {
      walked.push([name, value, all === headers]);
    });
    const all = [...headers];
    const names = all.map(([name]) => [name, headers.get(name), headers.has(name.toUpperCase())]);
    const keys = [[...headers.keys()], [...headers.values()], [...headers.entries()]];
    return { all, walked, names, keys, cookies: headers.getSetCookie(), copy: [...new Headers(headers)] };
  } catch (error) {
    return String(error);
  }
}

const inits = (): unknown[] => [
  ...[
    undefined,
    null,
    {},
    "a",
    5,
    () => {},
    new Map([["a", "1"]]),
    new URLSearchParams("a=1&a=2"),
    Object.create(null),
  ],
  ...[{ "X-B": " 1 " }, { b: "2", A: "1", "set-cookie": "c=1" }, { a: "1", A: "2" }, { cookie: "a=1", Cookie: "b=2" }],
  ...[
    { a: 1 },
    { a: undefined },
    { a: "\u0100" },
    { a: "b\r\nc: d" },
    { a: "\0" },
    { a: "\x01" },
    { a: "" },
    { "": "1" },
  ],
  ...[{ "a b": "1" }, { "\u212a": "1" }, { [Symbol("a")]: "1" }, { a: "\t1\n" }, { a: "1 2\t3" }, { a: "\u00ff" }],
  ...[
    [["a", "1"]],
    [["a"]],
    [
      ["Set-Cookie", "a=1"],
      ["b", "2"],
      ["set-cookie", "b=2"],
    ],
    ["ab"],
  ],
  ...[new Headers({ b: "1", a: "2" }), from({ b: "1", a: "2" }), Object.create({ a: "1" })],
];

test("whatever they are made of, they show what the platform's own show, errors included", () => {
  for (const at of inits().keys()) {
    const [theirs, ours] = makers.map((make) => look(() => make(inits()[at])));
    assert.deepEqual(ours, theirs, inspect(inits()[at]));
  }
});

const NAMES = ["a", "B", "content-type", "set-cookie", "Set-Cookie", "cookie", "a b", "", "\u212a", 5, undefined];
const VALUES = ["1", "", " x ", "a, b", "\u00e9", "\u0100", "a\nb", 7, undefined];

test("whatever is done to them, they show what the platform's own show, errors included", () => {
  // The same steps each time: a generator of Lehmer's, with the constants of Park and Miller.
  let seed = 1;
  const pick = <T>(of: readonly T[]): T | undefined => {
    seed = (seed * 48_271) % 2_147_483_647;
    return of[seed % of.length];
  };
  for (let run = 0; run < 400; run++) {
    const both = makers.map((make) => make(run % 2 ? { z: "0", "set-cookie": "z=0" } : undefined));
    const steps: unknown[] = [];
    for (let step = 0; step < 8; step++) {
      const method = pick(["append", "append", "set", "set", "delete", "get", "has", "getSetCookie", "keys"]) ?? "";
      const args = [pick(NAMES), pick(VALUES)].slice(0, pick([0, 1, 2, 2, 2, 2, 2, 2]));
      steps.push([method, ...args]);
      const [theirs, ours] = both.map((headers) => {
        try {
          const given: unknown = Reflect.apply(Reflect.get(headers, method), headers, args);
          return method === "keys" ? [...(given as Iterable<unknown>)] : given; // of keys()
        } catch (error) {
          return String(error);
        }
      });
      assert.deepEqual(ours, theirs, inspect(steps));
    }
    const [theirs, ours] = both.map((headers) => look(() => headers));
    const [walked, listed] = both.map((headers) => list(headers));
    assert.deepEqual(ours, theirs, inspect(steps));
    assert.deepEqual(listed, walked, inspect(steps));
  }
});

test("their list is sorted, with each cookie for itself in the order they came, before and after a walk", () => {
  const headers = from({ "x-c": "3", "x-a": "1" });
  for (const cookie of ["b=2", "a=1"]) headers.append("Set-Cookie", cookie);
  headers.append("X-B", "2");
  const expected = ["set-cookie", "b=2", "set-cookie", "a=1", "x-a", "1", "x-b", "2", "x-c", "3"];
  assert.deepEqual(list(headers), expected);
  assert.equal([...headers].length, 5);
  assert.deepEqual(list(headers), expected);
});

test("a walk sees what changes under it", () => {
  const [theirs, ours] = makers.map((make) => {
    const headers = make({ a: "1", b: "2", c: "3" });
    const seen: string[] = [];
    for (const [name] of headers) {
      seen.push(name);
      headers.delete(name);
    }
    return [seen, [...headers]];
  });
  assert.deepEqual(ours, theirs);
});

test("they are Headers to whoever asks, and are taken wherever headers are", async () => {
  const headers = from({ "x-a": "1" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  assert.ok(headers instanceof Headers);
  assert.equal(headers.constructor, Headers);
  assert.equal(Object.prototype.toString.call(headers), "[object Headers]");
  assert.equal(inspect(from({ a: "1" })), inspect(new Headers({ a: "1" })));
  assert.deepEqual(new Headers(headers).getSetCookie(), ["a=1", "b=2"]);
  assert.equal(new Request("http://a.test", { headers }).headers.get("x-a"), "1");
  assert.deepEqual(new Response(null, { headers }).headers.getSetCookie(), ["a=1", "b=2"]);
  assert.throws(() => structuredClone(headers), { name: "DataCloneError" });
  assert.deepEqual(Object.keys(Object.getPrototypeOf(headers)).sort(), Object.keys(Headers.prototype).sort());
});

test("a copy is one's own", () => {
  const headers = from({ a: "1" });
  const copy = from(headers);
  copy.set("a", "2");
  headers.append("b", "3");
  assert.deepEqual(
    [...headers, ...copy],
    [
      ["a", "1"],
      ["b", "3"],
      ["a", "2"],
    ],
  );
});
