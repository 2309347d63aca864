import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createApp, godwit } from "./cli.fixture.ts";
import { isColoured } from "./colors.ts";

test("NO_COLOR is stronger than FORCE_COLOR, which is stronger than a terminal", () => {
  assert.equal(isColoured({ NO_COLOR: "1", FORCE_COLOR: "1" }, true), false);
  assert.equal(isColoured({ NO_COLOR: "" }, true), true);
  assert.equal(isColoured({ FORCE_COLOR: "0" }, true), false);
  assert.equal(isColoured({ FORCE_COLOR: "1" }, false), true);
  assert.equal(isColoured({ TERM: "dumb" }, true), false);
  assert.equal(isColoured({ CI: "true" }, false), false);
});

test("what is piped has no colours unless they are asked for, and JSON never", async (t) => {
  const root = await createApp(t, { "routes/index.ts": 'export const GET = () => new Response("ok");' });
  const isPlain = (text: string) => stripVTControlCharacters(text) === text;
  const run = async (env: Record<string, string>, ...more: string[]) =>
    isPlain((await godwit(["doctor", "--root", root, ...more], { env })).stdout);
  assert.equal(await run({ NO_COLOR: "", FORCE_COLOR: "1" }), false);
  assert.equal(await run({ NO_COLOR: "", CI: "1" }), true);
  assert.equal(await run({ NO_COLOR: "", FORCE_COLOR: "1" }, "--json"), true);
});
