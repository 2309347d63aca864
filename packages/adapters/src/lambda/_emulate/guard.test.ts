import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createGuard } from "./guard.ts";

test("many guards share one listener for the end of the process, and each ends its own", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "godwit-guard-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const before = process.listenerCount("exit");
  const held = Array.from({ length: 3 }, (_, index) => {
    const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    const guard = createGuard(join(folder, String(index)));
    guard.add(child.pid ?? assert.fail());
    return { guard, ended: once(child, "exit") };
  });
  assert.equal(process.listenerCount("exit"), before + 1);
  for (const { guard, ended } of held) {
    await guard.close();
    assert.deepEqual(await ended, [null, "SIGKILL"]);
  }
  assert.equal(process.listenerCount("exit"), before);
});
