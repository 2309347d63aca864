import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { printTable, writeResult } from "../frame/result.ts";
import { measure } from "./dispatch.ts";

test("a table runs in processes of the contestants and leaves its figures with the machine and the versions", async (t) => {
  const table = await measure({ rounds: 2, cpu: 1, only: ["hand-written", "godwit"] });
  assert.deepEqual(
    table.rows.map(({ contestant, cells }) => [contestant, cells.length]),
    [
      ["godwit", 7],
      ["hand-written", 7],
    ],
  );
  for (const cell of table.rows.flatMap(({ cells }) => cells)) assert.ok((cell?.related.median ?? 0) > 0);
  assert.match(printTable(table), /^\| hand-written \| 1\.00 \(1\.00\.\.1\.00\) /m);

  const folder = mkdtempSync(join(tmpdir(), "godwit-bench-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeResult(table, folder);
  const result = JSON.parse(readFileSync(join(folder, "dispatch.json"), "utf8"));
  assert.equal(result.machine.node, process.versions.node);
  assert.match(result.versions.hono, /^\d+\.\d+\.\d+$/);
  assert.match(readFileSync(join(folder, "dispatch.md"), "utf8"), /^# dispatch\n\nIn-process dispatch/);
});
