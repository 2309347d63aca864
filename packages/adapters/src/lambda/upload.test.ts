import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Upload } from "@godwit/bundler/contracts";
import { emulate } from "./emulate.ts";
import { toArtefact } from "./upload.ts";

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "godwit-upload-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const code = `export const handler = async (event) => ({
  statusCode: 200,
  body: [process.env.WORD, event.routeKey, event.requestContext.stage].join(" "),
});`;
const uploadOf = (files: Upload["units"][number]["files"]): Upload => ({
  target: "lambda",
  variant: "http-api",
  units: ["a", "b"].map((name) => ({
    name,
    files,
    entry: "index.mjs",
    env: { WORD: `word of ${name}` },
    memory: 256,
    timeout: 5000,
    settings: { stage: "candidate" },
  })),
  routes: [
    { match: "GET /a", function: "a" },
    { match: "$default", function: "b" },
  ],
});

test("what was uploaded runs behind its routes, each function with its own variables", async (t) => {
  const upload = uploadOf({ "index.mjs": Buffer.from(code), "lib/": Buffer.from("") });
  const artefact = await toArtefact(upload, await temporary(t));
  const functionEnv = Object.fromEntries(upload.units.map(({ name, env }) => [name, { ...env }]));
  const emulator = await emulate(artefact, {}, { functionEnv });
  t.after(() => emulator.close());
  const ask = async (path: string) => (await fetch(new URL(path, emulator.url))).text();
  assert.equal(await ask("/a"), "word of a GET /a candidate");
  assert.equal(await ask("/else"), "word of b $default candidate");
});

test("a file that leads out of its function is refused", async (t) => {
  const folder = await temporary(t);
  for (const path of ["../evil.mjs", "lib/../../evil.mjs", "../aa/evil.mjs"]) {
    const upload = uploadOf({ [path]: Buffer.from("") });
    await assert.rejects(toArtefact(upload, folder), { code: "EMULATOR_ARTEFACT_INVALID" });
  }
  const { units, ...upload } = uploadOf({ "index.mjs": Buffer.from("") });
  for (const name of ["../evil", "../../evil", "a/../../evil", ".", ""]) {
    const named = { ...upload, units: units.map((unit) => ({ ...unit, name })) };
    await assert.rejects(toArtefact(named, folder), { code: "EMULATOR_ARTEFACT_INVALID" }, name);
  }
});
