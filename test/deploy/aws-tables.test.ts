/**
 * A store in DynamoDB's tables, the whole chain: built, emulated, deployed, used by functions as their role allows it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { emulate, tables, toolsFor } from "@godwit/adapters/lambda/emulate";
import { destroy, plan, systemClock } from "@godwit/deploy";
import { dynamodb } from "godwit";
import { findProgram } from "../programs.ts";
import { buildApp, createClock, temporary, tools } from "./apps.fixture.ts";
import { openStage, sayWord, ship, startPlane } from "./aws.fixture.ts";

const app = (word: string) => ({
  "routes/notes/[id].ts": `import { type Context, HttpError } from "@godwit/core";
import { fixedWindow } from "@godwit/core/rate-limit/fixed-window";
const rules = [{ algorithm: fixedWindow, limit: 3, window: 86_400_000_000 }];
export async function GET(_request: Request, context: Context<"/notes/[id]">) {
  const note = await context.store("main").get(context.params.id);
  if (!note) throw new HttpError(404);
  return new Response(note.text(), { headers: { "x-release": "release-${word}" } });
}
export async function PUT(request: Request, context: Context<"/notes/[id]">) {
  const taken = await context.store("main").counters?.take("writes", rules);
  if (!taken?.allowed) throw new HttpError(429);
  await context.store("main").set(context.params.id, await request.text(), { metadata: "by hand" });
  return new Response(null, { status: 204 });
}`,
  "routes/index.ts": `export const GET = () => new Response("release-${word}");`,
});
const config = { stores: { main: { lambda: dynamodb("notes") } } };
const build = (t: TestContext, word = "one") => buildApp(t, "lambda", app(word), {}, config);

async function use(url: URL): Promise<(string | number)[]> {
  const at = new URL("/notes/a%20b", url);
  const put = async (body: string) => (await fetch(at, { method: "PUT", body })).status;
  const absent = (await fetch(at)).status;
  const puts = [await put("Füße"), await put("second"), await put("third"), await put("fourth")];
  return [absent, ...puts, await (await fetch(at)).text()];
}
const USED = [404, 204, 204, 204, 429, "third"];

test("in the emulator a store in a table works offline, and its tool is asked for where it is needed alone", async (t) => {
  const artefact = await build(t);
  assert.deepEqual(Object.keys(toolsFor(artefact.manifest)), ["dynalite"]);
  assert.deepEqual(toolsFor({ ...artefact.manifest, resources: [] }), {});
  const { dynalite: _, ...without } = tools;
  await assert.rejects(emulate(artefact, without), { code: "EMULATOR_TOOL_MISSING", message: /dynalite/ });
  const emulator = await emulate(artefact, tools);
  t.after(() => emulator.close());
  assert.deepEqual(await use(emulator.url), USED);
  // A page of another site finds nothing.
  const other = await tables?.start(tools);
  t.after(() => other?.close());
  assert.equal((await fetch(other?.url ?? "", { headers: { origin: "https://evil.example" } })).status, 403);
});

test("a table that the stage names is somebody's own: the emulator and the deploy leave it to them", async (t) => {
  const artefact = await build(t);
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  await ship({ plane, clock, artefact, vars: { TABLE_NOTES: "mine" } });
  assert.deepEqual(
    plane.calls.filter((name) => name.startsWith("dynamodb:")),
    [],
  );
});

test("a deploy makes the table, the functions use it as their role allows, and nothing is done twice", async (t) => {
  const clock = systemClock;
  const plane = await startPlane(t, { clock, tables: () => needTables(tables).start(tools) });
  const one = await build(t);
  const { deployer, input } = await openStage({ plane, clock, artefact: one });
  const planned = await plan(deployer, input);
  assert.deepEqual(
    planned.items.filter(({ kind }) => kind === "table").map(({ id, action }) => [id, action]),
    [["table/links-production-notes", "create"]],
  );
  await deployer.close();
  const shipped = await ship({ plane, clock, artefact: one });
  assert.equal(shipped.outcome, "deployed");
  const { deployer: again } = await openStage({ plane, clock });
  const [url] = await again.urls();
  await again.close();
  assert.ok(url);
  assert.deepEqual(await use(url), USED);
  const before = plane.calls.length;
  await ship({ plane, clock, artefact: one });
  assert.deepEqual(
    plane.calls.slice(before).filter((name) => /dynamodb:(Create|Update|Delete|Tag|Put)/.test(name)),
    [],
  );
  // Another release finds what was written.
  await ship({ plane, clock, artefact: await build(t, "two") });
  const answer = await fetch(new URL("/notes/a%20b", url));
  assert.deepEqual([answer.headers.get("x-release"), await answer.text()], ["release-two", "third"]);
  // AWS's own command reads it too, as the role of who deploys does not allow.
  const line = ["get-item", "--table-name", "links-production-notes", "--key", '{"p":{"S":"v"},"k":{"S":"a b"}}'];
  assert.match((await aws(plane.env, line)).stderr, /not authorized to perform: dynamodb:GetItem/);
  await use(url);
  const read = await aws({ ...plane.env, AWS_ACCESS_KEY_ID: "ASIAOWNROLE", AWS_SESSION_TOKEN: "x" }, line);
  assert.deepEqual(JSON.parse(read.stdout).Item.b, { B: btoa("third") }, read.stderr);
});

const needTables = (found: typeof tables) => {
  assert.ok(found);
  return found;
};

async function aws(env: Record<string, string>, line: string[]): Promise<{ stdout: string; stderr: string }> {
  const endpoint = ["--endpoint-url", env.AWS_ENDPOINT_URL ?? "", "--region", "us-east-1", "--output", "json"];
  const child = spawn(findProgram("aws", "awscli"), ["dynamodb", ...line, ...endpoint], {
    env: { ...process.env, ...env, AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name] += chunk.toString();
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  return output;
}

test("a table is removed by --prune or destroy alone, with a word that it cannot be undone", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const two = { stores: { main: { lambda: dynamodb("notes") }, more: { lambda: dynamodb("extra") } } };
  const both = await buildApp(
    t,
    "lambda",
    {
      ...app("one"),
      "routes/more.ts": `import type { Context } from "@godwit/core";
export const GET = async (_: Request, context: Context<"/more">) => Response.json(await context.store("more").list());`,
    },
    {},
    two,
  );
  await ship({ plane, clock, artefact: both });
  const one = await build(t);
  const { deployer, input } = await openStage({ plane, clock, artefact: one });
  const removed = (await plan(deployer, input)).items.find(({ id }) => id === "table/links-production-extra");
  assert.deepEqual(
    [removed?.action, removed?.irreversible],
    ["delete", "what is in it is lost, and releases that use it fail"],
  );
  await deployer.close();
  await ship({ plane, clock, artefact: one });
  assert.ok(!plane.calls.includes("dynamodb:DeleteTable"));
  await ship({ plane, clock, artefact: one, prune: true });
  assert.equal(plane.calls.filter((name) => name === "dynamodb:DeleteTable").length, 1);
  const stage = await openStage({ plane, clock });
  const { lost } = await destroy({ ...stage, confirm: async () => true, onDone: () => {} });
  assert.match(lost["table/links-production-notes"] ?? "", /is lost/);
  assert.equal(plane.calls.filter((name) => name === "dynamodb:DeleteTable").length, 2);
  // And made anew.
  await ship({ plane, clock, artefact: one });
});

test("a table of that name without the stage's tags is not touched", async (t) => {
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const artefact = await build(t);
  const plane = await startPlane(t, { clock, folder, run: sayWord });
  await ship({ plane, clock, artefact });
  await plane.close();
  const file = join(folder, "state.json");
  const state = JSON.parse(await readFile(file, "utf8"));
  state.tables["links-production-notes"].tags = { "godwit:app": "other" };
  await writeFile(file, JSON.stringify(state));
  const again = await startPlane(t, { clock, folder, run: sayWord });
  await assert.rejects(ship({ plane: again, clock, artefact }), {
    code: "DEPLOY_NAME_TAKEN",
    message: /The table links-production-notes/,
  });
  const stage = await openStage({ plane: again, clock });
  await destroy({ ...stage, confirm: async () => true, onDone: () => {} });
  assert.ok(!again.calls.some((name) => /dynamodb:(Update|Delete)/.test(name)));
});

test("a rehearsal whose port is another's leaves nothing that listens", async (t) => {
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const plane = await startPlane(t, { clock, folder, run: sayWord });
  const { urls } = await ship({ plane, clock, artefact: await build(t) });
  await plane.close();
  const port = Number(plane.url.port);
  const hold = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const other = createServer().once("error", reject).listen(at, "127.0.0.1", resolve);
      t.after(() => other.close());
    });
  await hold(port);
  await assert.rejects(startPlane(t, { clock, folder, run: sayWord, port }), { code: "EADDRINUSE" });
  await assert.doesNotReject(hold(Number(urls[0]?.port)));
});
