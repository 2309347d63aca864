import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { lock, readLock, unlock } from "./lock.ts";

const home = process.cwd();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "godwit-lock-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const take = (id: string, ttl = 60_000, dead?: string) =>
  lock({ op: "lock", owner: { id, who: `${id}@host`, machine: "m", pid: 1 }, ttl, dead });

test("one owner at a time, who may renew, and lets go", async () => {
  assert.equal((await take("a")).mine, true);
  const refused = await take("b");
  assert.equal(refused.mine, false);
  assert.equal(refused.taken?.who, "a@host");
  assert.equal((await take("a")).mine, true);
  await unlock("b");
  assert.equal((await take("b")).mine, false);
  await unlock("a");
  assert.equal((await take("b")).mine, true);
});

test("one that has ended is taken over, and its owner learns of it", async () => {
  await take("a", -1);
  assert.equal((await take("b")).mine, true);
  const lost = await take("a");
  assert.equal(lost.mine, false);
  assert.equal(lost.taken?.id, "b");
});

test("one whose owner is dead is taken over, if it still is that owner's", async () => {
  await take("a");
  assert.equal((await take("b", 60_000, "x")).mine, false);
  assert.equal((await take("b", 60_000, "a")).mine, true);
  assert.equal((await take("c", 60_000, "a")).mine, false);
});

test("of many that come at one moment one has it, however often, and nothing is left behind", async () => {
  for (let round = 0; round < 20; round++) {
    const before = await readLock();
    if (before) await unlock(before.lock.id);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => take(`${round}-${at}`)));
    assert.ok(answers.filter(({ mine }) => mine).length <= 1);
    const holder = (await readLock())?.lock;
    const winner = answers.findIndex(({ mine }) => mine);
    if (winner >= 0) assert.equal(holder?.id, `${round}-${winner}`);
  }
  assert.equal(readdirSync(".").filter((name) => !/^lock-\d+$/.test(name)).length, 0);
  assert.ok(readdirSync(".").length <= 2);
});
