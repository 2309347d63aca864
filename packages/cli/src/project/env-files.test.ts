import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createApp } from "../cli.fixture.ts";
import { stageValues } from "../deploy/values.ts";
import { buildTarget, emulateTarget } from "./build-target.ts";
import { loadProject, TARGETS } from "./config.ts";
import { readEnvFiles, stageEnv } from "./env-files.ts";

const FILES = {
  ".env": `A=base\nB='single # kept'\nC="two\\nlines" # a comment\nexport D= spaced \nE=$A\n# F=commented\nG=\n`,
  ".env.local": "A=local\n",
  ".env.dev": "A=dev\n",
  ".env.other": "A=other\n",
};

test("the later file is the stronger, the shell the strongest, and only for names that somebody wrote down", async (t) => {
  const root = await createApp(t, FILES);
  assert.deepEqual(await readEnvFiles(root, "dev"), {
    A: "dev",
    B: "single # kept",
    C: "two\nlines",
    D: "spaced",
    E: "$A", // as node --env-file reads it: nothing is expanded
    G: "",
  });
  assert.equal((await readEnvFiles(root, "prod")).A, "local");
  process.env.GODWIT_TEST_DECLARED = "from the shell";
  t.after(() => delete process.env.GODWIT_TEST_DECLARED);
  assert.equal((await stageEnv(root, "dev", ["GODWIT_TEST_DECLARED"])).GODWIT_TEST_DECLARED, "from the shell");
  assert.equal((await stageEnv(root, "dev", [])).GODWIT_TEST_DECLARED, undefined);
});

for (const target of TARGETS) {
  test(`functions on ${target} see the values of the stage, byte for byte, and nothing else of this machine`, async (t) => {
    const root = await createApp(t, {
      ".env": `A=base\nB='snow ☃ "q" $x'\nC="two\\nlines"\n`,
      ".env.dev": "A=dev\n",
      "routes/index.ts": `
        export const GET = (_, { env }) => Response.json([env.A, env.B, env.C, env.GODWIT_TEST_UNSAID ?? null]);`,
    });
    process.env.GODWIT_TEST_UNSAID = "unsaid";
    t.after(() => delete process.env.GODWIT_TEST_UNSAID);
    const project = await loadProject(root);
    const { artefact } = await buildTarget(project, target);
    const emulator = await emulateTarget(project, target, artefact);
    t.after(() => emulator.close());
    const { B } = await readEnvFiles(root, "dev");
    assert.ok(B?.includes("☃"));
    assert.deepEqual(await (await fetch(emulator.url)).json(), ["dev", B, "two\nlines", null]);
  });
}

test("a deploy takes no secret from .env, which is often in version control", async (t) => {
  const env = `import { defineEnv } from "@godwit/core";
const any = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };
export default defineEnv({ vars: { WORD: any, KEY: any }, secrets: ["KEY"] });`;
  const files = { ".env": "WORD=base\nKEY=from-the-base", ".env.local": "WORD=mine", "env.ts": env };
  const project = await loadProject(await createApp(t, files));
  const stage = { stage: "production", target: "node" } as const;
  assert.deepEqual(await stageValues(project, { ...stage, rehearse: false }), { vars: { WORD: "base" }, secrets: {} });
  assert.deepEqual((await stageValues(project, { ...stage, rehearse: true })).secrets, { KEY: "from-the-base" });
});

test("a deploy gives the variables of stores their values, and lacks none that a function reads", async (t) => {
  const config = `import { upstash } from "@godwit/core/stores/upstash";
export default { name: "shop", stores: { main: { node: upstash({ url: "MAIN_URL" }) }, other: { node: upstash() } } };`;
  const route = 'export const GET = (_: Request, context: any) => context.store("main").get("a");';
  const root = await createApp(t, { "godwit.config.ts": config, "routes/index.ts": route, ".env": "" });
  const project = await loadProject(root);
  const { artefact } = await buildTarget(project, "node");
  const stage = { stage: "production", target: "node", rehearse: true, manifest: artefact.manifest } as const;
  await assert.rejects(stageValues(project, stage), {
    code: "ENV_INVALID",
    message:
      /^Stores lack variables\.\n {2}MAIN_URL is not set: the store "main" reads it\nValues of the stage production/,
  });
  await writeFile(join(root, ".env"), "MAIN_URL=https://a.example\nUPSTASH_REDIS_REST_TOKEN=secret");
  assert.deepEqual(await stageValues(project, stage), {
    vars: { MAIN_URL: "https://a.example" },
    secrets: { UPSTASH_REDIS_REST_TOKEN: "secret" },
  });
});
