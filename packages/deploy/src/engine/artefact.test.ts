import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkArtefact } from "./artefact.ts";
import { deploy } from "./deploy.ts";
import { createCloud, open } from "./memory.fixture.ts";

test("a file that was touched between the plan and the upload stops the deploy before any change", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "godwit-artefact-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const cloud = createCloud();
  const { deployer, input } = open(cloud, { functions: { index: "1" } });
  const { manifest } = input.artefact ?? assert.fail();
  const [fn = assert.fail()] = manifest.functions;
  const file = { path: "a.js", bytes: 4, sha256: createHash("sha256").update("code").digest("hex") };
  const artefact = { root, manifest: { ...manifest, functions: [{ ...fn, files: [file] }] } };
  await writeFile(join(root, "a.js"), "code");
  await checkArtefact(artefact);
  const confirm = async () => {
    await writeFile(join(root, "a.js"), "evil");
    return { go: true, remove: false };
  };
  const run = deploy({ deployer, input: { ...input, artefact }, requests: [], confirm, onEvent() {} });
  await assert.rejects(run, { code: "DEPLOY_ARTEFACT_CHANGED", message: /a\.js/ });
  assert.deepEqual(cloud.calls, []);
  await rm(join(root, "a.js"));
  await assert.rejects(checkArtefact(artefact), { code: "DEPLOY_ARTEFACT_CHANGED" });
});
