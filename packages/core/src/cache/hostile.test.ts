import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, execution, linesOf, ORIGIN } from "../app.fixture.ts";
import { invalidateKey } from "../cache.ts";
import { type CacheOptions, cache } from "../middleware/cache.ts";
import type { Context } from "../types.ts";
import { keyOf } from "./key.ts";

const MINUTE = { "cache-control": "max-age=60" };

/** An app behind a cache, and what it answers, read to the end. */
function cached(handler: (request: Request) => Response, options?: CacheOptions) {
  let within: Context | undefined;
  const app = appOf(
    (request, context) => {
      within = context;
      return handler(request);
    },
    [cache(options)],
  );
  const ask = async (path: string, headers?: HeadersInit): Promise<string> => {
    const response = await app.fetch(new Request(ORIGIN + path, { headers }), execution());
    const text = await response.text();
    await turn();
    return `${response.status} ${text} ${response.headers.get("cache-status")?.split("; ")[1]}`;
  };
  return { ask, context: () => within };
}

test("a range that cannot be had poisons nothing: 416 is not stored, whatever it says", async () => {
  const { ask } = cached(
    ({ headers }) => new Response("a", { status: headers.has("range") ? 416 : 200, headers: MINUTE }),
  );
  assert.equal(await ask("/", { range: "bytes=99-" }), "416 a fwd=uri-miss");
  assert.equal(await ask("/"), "200 a fwd=uri-miss");
  assert.equal(await ask("/"), "200 a hit");
});

test("keys of an app are apart to the last character, and forgotten by it", async () => {
  const key = ({ url }: Request) => decodeURIComponent(new URL(url).search);
  const { ask, context } = cached(({ url }) => new Response(url.slice(-1), { headers: MINUTE }), { key });
  const user = (id: number) => `/?user%23${id}`;
  assert.equal(await ask(user(1)), "200 1 fwd=uri-miss");
  assert.equal(await ask(user(2)), "200 2 fwd=uri-miss");
  assert.equal(await ask(user(1)), "200 1 hit");
  await invalidateKey(context() ?? assert.fail(), "?user#1");
  assert.equal(await ask(user(1)), "200 1 fwd=uri-miss");
  assert.equal(await ask(user(2)), "200 2 hit");
});

test("nobody can ask for a key that is another one's hash", async () => {
  const long = "x".repeat(500);
  const hashed = (await keyOf("godwit", long)).slice("cache:godwit:".length);
  const { ask } = cached(() => new Response("a", { headers: MINUTE }), {
    key: ({ url }) => decodeURIComponent(new URL(url).search.slice(1)),
  });
  assert.equal(await ask(`/?${encodeURIComponent(hashed)}`), "200 a fwd=uri-miss");
  assert.equal(await ask(`/?${long}`), "200 a fwd=uri-miss");
});

test("a `vary` of the app that throws fails no request, and no process", async () => {
  const vary = () => {
    throw new Error("no field");
  };
  const { ask } = cached(() => new Response("a", { headers: { ...MINUTE, vary: "x-a" } }), { vary });
  const lines = await linesOf(async () => {
    assert.equal(await ask("/"), "200 a fwd=uri-miss");
    assert.equal(await ask("/", { "x-a": "1" }), "200 a fwd=uri-miss");
  });
  assert.ok(lines.length > 0);
  assert.ok(lines.every(({ message }) => message === "cache store failed"));
});

test("blanks in a field that selects mean nothing around commas, and everything elsewhere", async () => {
  const { ask } = cached(({ headers }) => new Response(headers.get("x-a"), { headers: { ...MINUTE, vary: "x-a" } }));
  const blanks = " ".repeat(8_000);
  assert.equal(await ask("/", { "x-a": `a${blanks}b` }), `200 a${blanks}b fwd=uri-miss`);
  assert.equal(await ask("/", { "x-a": "a b" }), "200 a b fwd=vary-miss");
  assert.equal(await ask("/", { "x-a": `a b${blanks},${blanks}c` }), `200 a b${blanks},${blanks}c fwd=vary-miss`);
  assert.match(await ask("/", { "x-a": "a b,c" }), /hit$/);
  // What Headers leave, the origin sees.
  assert.match(await ask("/", { "x-a": "a b,c\u00a0" }), /fwd=vary-miss$/);
});

test("whoever writes over the bytes of a hit changes none but its own", async () => {
  const app = appOf(() => new Response("body", { headers: MINUTE }), [cache()]);
  for (let round = 0; round < 4; round++) {
    const bytes = await (await app.fetch(new Request(ORIGIN))).bytes();
    assert.equal(new TextDecoder().decode(bytes), "body", `round ${round}`);
    bytes.fill(0);
    const reader = (await app.fetch(new Request(ORIGIN))).body?.getReader();
    (await reader?.read())?.value?.fill(0);
    await turn();
  }
});
