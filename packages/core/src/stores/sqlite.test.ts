import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo } from "./counters-conformance.fixture.ts";
import { open, sqlite } from "./sqlite.ts";
import { takeAtOnce } from "./takers.fixture.ts";

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "godwit-sqlite-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const at = (folder: string) => ({ name: "main", bindings: { STORE_PATH: folder } });

const subject = {
  name: "sqlite",
  guarantees: sqlite().guarantees,
  open: (t: TestContext) => open({}, at(makeFolder(t))),
};
conformTo(subject);
countTo(subject);

test("4 processes with 1,000 takes at once on one new file let exactly 100 through", async (t) => {
  const folder = makeFolder(t);
  const taker = { driver: "sqlite", bindings: { STORE_PATH: folder }, takes: 1_000 };
  assert.equal(await takeAtOnce([taker, taker, taker, taker]), 100);
});

test("a counter and the last token survive the process; what is over is swept", async (t) => {
  const folder = makeFolder(t);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const rules = [{ algorithm: slidingWindow, limit: 3, window: 60_000 }];
  const first = open({}, at(folder)).counters;
  await first?.take("key", rules);
  const lease = await first?.lease("key", 1);
  t.mock.timers.tick(2_000);
  const second = open({}, at(folder)).counters;
  assert.equal((await second?.take("key", rules))?.rules[0]?.remaining, 1);
  const next = await second?.lease("key", 1);
  assert.ok(lease && next && next.token > lease.token);
  t.mock.timers.tick(120_000);
  await open({}, at(folder)).counters?.take("other", rules);
  const { DatabaseSync } = await import("node:sqlite");
  const rows = new DatabaseSync(join(folder, "main.sqlite")).prepare("SELECT key FROM counters").all();
  assert.equal(rows.length, 2, "the other key and the last token");
});

test("what one opening wrote another reads, and what is over is swept from the file", async (t) => {
  const folder = join(makeFolder(t), "deep/er");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const first = open({}, at(folder));
  await first.set("kept", "x", { metadata: 1 });
  await first.set("over", "y", { ttl: 1 });
  t.mock.timers.tick(1_000);
  const second = open({}, at(folder));
  assert.deepEqual((await second.list()).keys, [{ key: "kept", metadata: 1 }]);
  assert.ok(existsSync(join(folder, "main.sqlite")));
  // The sweep is seen from before: time goes back, and the entry does not come again.
  t.mock.timers.setTime(Date.now() - 5_000);
  assert.equal(await second.get("over"), undefined);
});

test("a process that writes for long sweeps what is over from the file", async (t) => {
  const folder = makeFolder(t);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const store = open({}, at(folder));
  for (let key = 0; key < 90; key++) await store.set(`over:${key}`, "x", { ttl: 1 });
  t.mock.timers.tick(1_000);
  for (let key = 0; key < 90; key++) await store.set("kept", "x");
  const { DatabaseSync } = await import("node:sqlite");
  const rows = new DatabaseSync(join(folder, "main.sqlite")).prepare("SELECT count(*) n FROM entries").all();
  assert.equal(rows[0]?.n, 1);
});

test("a file that somebody else has locked for good is an error in some seconds", (t) => {
  const folder = makeFolder(t);
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const holder = new DatabaseSync(join(folder, "main.sqlite"));
  t.after(() => holder.close());
  holder.exec("BEGIN EXCLUSIVE");
  assert.throws(() => open({}, at(folder)), { code: "STORE_OPEN_FAILED", message: /locked/ });
});

test("processes that write into one new file at once lose nothing", async (t) => {
  const folder = makeFolder(t);
  const script = join(import.meta.dirname, "writer.fixture.ts");
  const children = ["a", "b", "c"].map((prefix) =>
    spawn(process.execPath, [script, folder, prefix, "200"], { stdio: ["ignore", "ignore", "pipe"] }),
  );
  const errors: string[] = [];
  for (const child of children) child.stderr?.on("data", (data) => errors.push(String(data)));
  const codes = await Promise.all(children.map(async (child) => (await once(child, "close"))[0]));
  assert.deepEqual(codes, [0, 0, 0], errors.join(""));
  const store = open({}, { name: "shared", bindings: { STORE_PATH: folder } });
  assert.equal((await store.list({ limit: 1000 })).keys.length, 600);
  assert.equal((await store.get("b:199"))?.text(), "b 199");
});

test("the option file wins over STORE_PATH", async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "own.db");
  await open({ file }, at(join(folder, "unused"))).set("key", "x");
  assert.ok(existsSync(file));
  assert.ok(!existsSync(join(folder, "unused")));
});

test("a file that cannot be opened is an error with its path", (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "taken"), "");
  assert.throws(() => open({}, at(join(folder, "taken"))), { code: "STORE_OPEN_FAILED", message: /taken/ });
});

test("a runtime without node:sqlite is told by name", (t) => {
  t.mock.method(process, "getBuiltinModule", () => undefined);
  assert.throws(() => open({}, at("unused")), { code: "STORE_SQLITE_MISSING" });
});
