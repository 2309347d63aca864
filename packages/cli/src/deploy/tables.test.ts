import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, godwit } from "../cli.fixture.ts";
import { conform } from "../conform/conform.ts";
import { startDevIn } from "../dev/dev.fixture.ts";

const APP = {
  "package.json": `{ "name": "notes", "type": "module" }`,
  "godwit.config.ts": `
    import { defineConfig } from "godwit";
    import { dynamodb } from "@godwit/core/stores/dynamodb";
    export default defineConfig({
      target: "lambda",
      stores: { main: { lambda: dynamodb("notes", { deadline: 20_000 }) } }, // a machine may be busy
    });`,
  "routes/index.ts": `
    export async function GET(_: Request, context: any) {
      const store = context.store("main");
      const count = Number((await store.get("count"))?.text() ?? 0) + 1;
      await store.set("count", String(count));
      return new Response(String(count));
    }`,
};

test("dev has the tables of stores in memory, and conform gives each platform empty ones", async (t) => {
  const root = await createApp(t, APP);
  const dev = await startDevIn(t, root);
  assert.deepEqual([await dev.text("/"), await dev.text("/")], ["1", "2"]);
  dev.child.kill("SIGINT");
  await dev.ended;
  const requests = ["1", "2"].map((body) => ({ path: "/", expect: { body } }));
  const runs = [{ target: "lambda" }, { target: "lambda", front: "rest" }] as const;
  for await (const { run, request, faults } of conform({ root, requests, runs })) {
    assert.deepEqual(faults, [], `${request} on ${run}`);
  }
});

test("a rehearsed deploy makes the table, and its proof reaches the store in it", async (t) => {
  const root = await createApp(t, APP);
  const { code, stdout, stderr } = await godwit(["deploy", "--root", root, "--rehearse", "--yes"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout + stderr, /table notes-production-notes: create/);
  assert.match(stdout + stderr, /verified with 1 request/);
});
