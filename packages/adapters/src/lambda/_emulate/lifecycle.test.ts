import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { get, start, writeArtefact } from "./artefact.fixture.ts";

/** `T` while stopped; empty when gone, or only waiting to be collected. */
function stateOf(pid: number): string {
  try {
    const state = execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .charAt(0);
    return state === "Z" ? "" : state;
  } catch {
    return "";
  }
}
async function until(what: () => boolean): Promise<void> {
  for (let left = 600; !what(); left--) {
    assert.ok(left > 0, `never came: ${what}`);
    await sleep(25);
  }
}

/** Counts the calls that functions make from inside. */
async function openCounter(t: TestContext): Promise<{ env: Record<string, string>; calls: string[] }> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  return { env: { COUNTER: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` }, calls };
}

const LEAVES_WORK = `
let later;
export const handler = async (event) => {
  if (event.rawPath === "/wait") await later;
  else later = new Promise((resolve) => setTimeout(resolve, 300)).then(() => fetch(process.env.COUNTER + "/done"));
  return { statusCode: 200, body: String(process.pid) };
};`;

test("work that nobody waits for stands still while the environment is frozen, and goes on with the next request", async (t) => {
  const { env, calls } = await openCounter(t);
  const emulator = await start(t, LEAVES_WORK, { env });
  const pid = Number(await (await get(emulator, "/leave")).text());
  await until(() => stateOf(pid) === "T");
  await sleep(900);
  assert.deepEqual(calls, []);
  assert.equal(Number(await (await get(emulator, "/wait")).text()), pid, "the same environment serves on");
  assert.deepEqual(calls, ["/done"]);
});

const EXTENSION = `
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension/";
const registered = await fetch(api + "register", {
  method: "POST", headers: { "lambda-extension-name": "godwit" }, body: JSON.stringify({ events: ["INVOKE"] }) });
const id = registered.headers.get("lambda-extension-identifier");
const next = async () => (await fetch(api + "event/next", { headers: { "lambda-extension-identifier": id } })).json();
export const facts = await registered.json();
let finished = () => {};
const handled = { event: undefined };
(async () => {
  while (true) {
    handled.event = await next();
    await new Promise((resolve) => { finished = resolve; });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await fetch(process.env.COUNTER + "/done");
  }
})();
export const handler = async (event, context) => {
  setTimeout(() => finished(), 0);
  return { statusCode: 200, body: JSON.stringify({ pid: process.pid, facts, event: handled.event, request: context.awsRequestId }) };
};`;

test("work that an internal extension holds runs on after the answer, before the freeze", async (t) => {
  const { env, calls } = await openCounter(t);
  const emulator = await start(t, EXTENSION, { env });
  const { pid, facts, event, request } = await (await get(emulator)).json();
  assert.deepEqual(calls, [], "the client does not wait for it");
  await until(() => stateOf(pid) === "T");
  assert.deepEqual(calls, ["/done"]);
  assert.deepEqual(facts, { functionName: "main", functionVersion: "$LATEST", handler: "index.handler" });
  assert.equal(event.eventType, "INVOKE");
  assert.equal(event.requestId, request);
  assert.equal(event.invokedFunctionArn, "arn:aws:lambda:us-east-1:123456789012:function:main");
});

test("a registration is refused as AWS refuses it: without a name, for SHUTDOWN, twice, and after init", async (t) => {
  const source = `
const register = async (name, events) => {
  const answer = await fetch("http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension/register", {
    method: "POST", headers: { "lambda-extension-name": name }, body: JSON.stringify({ events }) });
  return [answer.status, (await answer.json()).errorType];
};
const early = [await register("", []), await register("a", ["SHUTDOWN"])];
export const handler = async () => ({ statusCode: 200, body: JSON.stringify([...early, await register("b", [])]) });`;
  const emulator = await start(t, source);
  assert.deepEqual(await (await get(emulator)).json(), [
    [403, "Extension.InvalidExtensionName"],
    [403, "Extension.InvalidEventType"],
    [403, "Extension.RegistrationClosed"],
  ]);
});

test("a function that cannot start is the front's failure, and its reason is in the log", async (t) => {
  const emulator = await start(
    t,
    { throws: 'throw new Error("no such table");', empty: "export const other = 1;" },
    {
      front: "rest",
      routes: ["throws", "empty"].map((id) => ({ match: `/${id}`, function: id })),
    },
  );
  for (const id of ["throws", "empty"]) assert.equal((await get(emulator, `/${id}`)).status, 502);
  const reasons: string[] = [];
  for await (const line of emulator.logs) {
    if (line.text.startsWith("Init failed")) reasons.push(`${line.function}: ${line.text}`);
    if (reasons.length === 2) break;
  }
  assert.deepEqual(reasons, [
    "throws: Init failed: Error no such table",
    "empty: Init failed: Runtime.HandlerNotFound index.handler is undefined or not exported",
  ]);
});

const MISBEHAVES = `
let count = 0;
export const handler = async (event) => {
  const path = event.rawPath ?? event.path;
  if (path === "/hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (path === "/exit") process.exit(3);
  if (path === "/throw") throw new TypeError("thrown");
  return { statusCode: 200, body: String(++count) };
};`;

test("a function over its time is killed, its client answered in the front's words, and a new environment serves", async (t) => {
  const answers: Record<string, unknown> = {};
  for (const front of ["http-api", "rest", "function-url", "alb"]) {
    const emulator = await start(t, MISBEHAVES, { front, settings: { timeout: 500 } });
    const hung = await get(emulator, "/hang");
    answers[front] = [hung.status, (await hung.text()).slice(0, 40), await (await get(emulator, "/")).text()];
  }
  assert.deepEqual(answers, {
    "http-api": [500, '{"message":"Internal Server Error"}', "1"],
    rest: [502, '{"message": "Internal server error"}', "1"],
    "function-url": [502, "Internal Server Error", "1"],
    alb: [502, "<html>\r\n<head><title>502 Bad Gateway</ti", "1"],
  });
});

test("a crash costs one request and its environment, a throw only the request", async (t) => {
  const emulator = await start(t, MISBEHAVES, { front: "rest" });
  assert.equal(await (await get(emulator)).text(), "1");
  assert.equal((await get(emulator, "/throw")).status, 502);
  assert.equal(await (await get(emulator)).text(), "2", "the module's state survives a throw");
  assert.equal((await get(emulator, "/exit")).status, 502);
  assert.equal(await (await get(emulator)).text(), "1", "and not a crash");
});

test("requests at once get an environment each, up to a bound, and later ones reuse them", async (t) => {
  const source = `
let busy = 0, most = 0;
export const handler = async (event) => {
  most = Math.max(most, ++busy);
  await new Promise((resolve) => setTimeout(resolve, 200));
  busy--;
  return { statusCode: 200, body: JSON.stringify([process.pid, most]) };
};`;
  const emulator = await start(t, source);
  const all = await Promise.all(Array.from({ length: 14 }, async () => (await get(emulator)).json()));
  const pids = new Set(all.map(([pid]) => pid));
  assert.ok(pids.size > 1 && pids.size <= 10, `${pids.size} environments`);
  assert.ok(
    all.every(([, most]) => most === 1),
    "one invocation at a time in each",
  );
  const [again] = await (await get(emulator)).json();
  assert.ok(pids.has(again));
});

test("a function sees Lambda's environment, not the developer's", async (t) => {
  process.env.GODWIT_TEST_SECRET = "mine";
  t.after(() => delete process.env.GODWIT_TEST_SECRET);
  const source = `export const handler = async (event, context) => ({ statusCode: 200, body: JSON.stringify({
    env: process.env, cwd: process.cwd(), left: context.getRemainingTimeInMillis(), memory: context.memoryLimitInMB, flags: process.execArgv }) });`;
  const emulator = await start(t, source, { env: { NAME: "value" }, settings: { memory: 256 } });
  const { env, cwd, left, memory, flags } = await (await get(emulator)).json();
  assert.equal(env.GODWIT_TEST_SECRET, undefined);
  assert.deepEqual(
    [env.NAME, env._HANDLER, env.AWS_REGION, env.AWS_LAMBDA_FUNCTION_NAME],
    ["value", "index.handler", "us-east-1", "main"],
  );
  assert.deepEqual([env.LAMBDA_TASK_ROOT, memory], [cwd, "256"]);
  assert.ok(left > 0 && left <= 20_000);
  assert.ok(flags.includes("--no-experimental-require-module") && flags.includes("--max-old-space-size=230"));
});

test("reload gives changed functions a new environment", async (t) => {
  const emulator = await start(t, MISBEHAVES);
  await get(emulator);
  assert.equal(await (await get(emulator)).text(), "2");
  await emulator.reload(["other"]);
  assert.equal(await (await get(emulator)).text(), "3");
  await emulator.reload(["main"]);
  assert.equal(await (await get(emulator)).text(), "1");
});

const PID = "export const handler = async () => ({ statusCode: 200, body: String(process.pid) });";

test("close ends every process, frozen or not, and a process that has an extension gets a SIGTERM first", async (t) => {
  const { env, calls } = await openCounter(t);
  const goodbye = `${EXTENSION}\nprocess.on("SIGTERM", async () => { await fetch(process.env.COUNTER + "/bye"); process.exit(0); });`;
  const emulator = await start(
    t,
    { plain: PID, goodbye },
    {
      env,
      routes: ["plain", "goodbye"].map((id) => ({ match: `/${id}`, function: id })),
    },
  );
  const plain = Number(await (await get(emulator, "/plain")).text());
  const { pid } = await (await get(emulator, "/goodbye")).json();
  await until(() => stateOf(plain) === "T" && stateOf(pid) === "T");
  await emulator.close();
  assert.deepEqual([stateOf(plain), stateOf(pid)], ["", ""]);
  assert.deepEqual(calls, ["/done", "/bye"]);
  await assert.rejects(get(emulator), { code: "ECONNREFUSED" });
});

test("no function outlives an emulator that is killed outright", async () => {
  const artefact = await writeArtefact({ main: PID });
  const script = `
const { emulate } = await import(${JSON.stringify(fileURLToPath(new URL("../emulate.ts", import.meta.url)))});
const emulator = await emulate(${JSON.stringify(artefact)}, {});
console.log(await (await fetch(emulator.url)).text());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await until(() => text.endsWith("\n"));
  const pid = Number(text);
  await until(() => stateOf(pid) === "T");
  child.kill("SIGKILL");
  await until(() => stateOf(pid) === "");
  await until(() => !readdirSync(artefact.root).some((name) => name.startsWith("godwit-lambda-")));
  assert.deepEqual(readdirSync(artefact.root), ["main"], "nor its temporary files");
});
