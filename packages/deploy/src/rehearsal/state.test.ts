import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openState } from "./state.ts";

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "godwit-state-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("what one kept is there for the next", async (t) => {
  const folder = await createFolder(t);
  const first = await openState(folder, { names: ["a"] });
  first.data.names.push("b");
  await Promise.all([first.save(), first.putBlob("one", Buffer.from([0, 255]))]);
  const second = await openState(folder, { names: [] as string[] });
  assert.deepEqual(second.data.names, ["a", "b"]);
  assert.deepEqual(await second.blob("one"), Buffer.from([0, 255]));
  assert.equal(await second.blob("../state"), undefined);
});

test("a file that is no JSON is named", async (t) => {
  const folder = await createFolder(t);
  await writeFile(join(folder, "state.json"), "{");
  await assert.rejects(openState(folder, {}), { code: "REHEARSAL_STATE_INVALID", message: /state\.json/ });
});

test("what cannot be written is a coded error, leaves nothing half, and may be written later", async (t) => {
  const folder = await createFolder(t);
  const state = await openState(folder, { count: 1 });
  await mkdir(join(folder, "state.json", "in-the-way"), { recursive: true });
  await assert.rejects(state.save(), { code: "REHEARSAL_STATE_UNWRITABLE", message: /state\.json/ });
  assert.deepEqual((await readdir(folder)).sort(), ["blobs", "state.json"]);
  await rm(join(folder, "state.json"), { recursive: true });
  await state.save();
  assert.deepEqual((await openState(folder, { count: 0 })).data, { count: 1 });
  await writeFile(join(folder, "file"), "");
  await assert.rejects(openState(join(folder, "file"), {}), { code: "REHEARSAL_STATE_UNWRITABLE" });
});
