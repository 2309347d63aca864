import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createApp, godwit, startGodwit } from "../cli.fixture.ts";

const SECRET = "canary-4711-of-the-shop";

const files = {
  "godwit.config.ts": `export default {
  name: "shop",
  target: "node",
  verify: [{ path: "/", status: 200 }],
  deploy: { beforePromote: "node before.mjs", node: { listen: "127.0.0.1" } },
};`,
  "before.mjs": `import { appendFileSync } from "node:fs";
appendFileSync("before.log", process.env.GODWIT_STAGE + " " + (process.env.GODWIT_RELEASE ? "release" : "none") + "\\n");
console.log("the key is " + process.env.API_KEY);
if (process.env.WAIT) { console.log("waiting"); setTimeout(() => {}, 60000); }`,
  "env.ts": `import { defineEnv } from "@godwit/core";
const text = { "~standard": { version: 1, vendor: "test", validate: (value) =>
  typeof value === "string" ? { value } : { issues: [{ message: "is missing" }] } } };
export default defineEnv({ vars: { WORD: text }, secrets: ["API_KEY"] });`,
  ".env.production": "WORD=prod",
  ".env.local": "WORD=this-machine",
  "routes/index.ts": `export function GET(request, { env }) { return new Response("one " + env.WORD + " " + env.API_KEY.length); }`,
};

/** An app whose rehearsal, with what it started, is gone when the test ends. */
async function createShop(t: TestContext): Promise<string> {
  const root = await createApp(t, files);
  t.after(() => godwit(["destroy", "--root", root, "--rehearse", "--yes"]));
  return root;
}

const env = { API_KEY: SECRET };

/** On a connection of its own, as somebody who comes anew. */
function getAnew(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve(body));
    }).on("error", reject);
  });
}

test("nobody there to confirm is an error, and a plan exits with 2 while there is something to do", async (t) => {
  const root = await createShop(t);
  const planned = await godwit(["deploy", "--root", root, "--rehearse", "--plan"], { env });
  assert.equal(planned.code, 2, planned.stderr);
  assert.match(planned.stdout, /secret API_KEY: create \(value from .*\.env\.production.* or the shell\)/);
  const asked = await godwit(["deploy", "--root", root, "--rehearse"], { env });
  assert.equal(asked.code, 1);
  assert.match(asked.stderr, /DEPLOY_UNCONFIRMED/);
  const json = await godwit(["deploy", "--root", root, "--rehearse", "--plan", "--json"], { env });
  const { deployed } = JSON.parse(json.stdout) as { deployed: { changes: boolean; plan: { items: unknown[] } }[] };
  assert.equal(deployed[0]?.changes, true);
  const missing = await godwit(["deploy", "--root", root, "--rehearse", "--plan"]);
  assert.match(missing.stderr, /SECRET_MISSING[\s\S]*godwit secrets set API_KEY --stage production/);
});

test("a deploy serves, others find its rehearsal, a rollback goes back, and no secret is ever seen", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse"];
  const running = startGodwit(t, ["deploy", ...shared, "--yes", "--serve"], env);
  const [, url = ""] = await running.says(/(http:\/\/\S+)[\s\S]*serving the rehearsal/);
  const look = () => getAnew(url);
  assert.equal(await look(), `one prod ${SECRET.length}`);
  assert.equal(await readFile(join(root, "before.log"), "utf8"), "production release\n");

  const again = await godwit(["deploy", ...shared, "--yes"], { env });
  assert.match(again.stdout, /nothing to do/);
  assert.equal((await godwit(["deploy", ...shared, "--plan"])).code, 0);

  await writeFile(join(root, "routes/index.ts"), files["routes/index.ts"].replace("one", "two"));
  const second = await godwit(["deploy", ...shared, "--yes", "--json"]);
  assert.equal(second.code, 0, second.stderr);
  const { deployed } = JSON.parse(second.stdout) as { deployed: { outcome: string; verified: unknown[] }[] };
  assert.equal(deployed[0]?.outcome, "deployed");
  assert.deepEqual(deployed[0]?.verified, [{ method: "GET", path: "/", status: 200 }]);
  assert.match(await look(), /^two/);

  const back = await godwit(["rollback", ...shared]);
  assert.match(back.stdout, /^rolled back to/);
  assert.match(await look(), /^one/);
  const { stdout } = await godwit(["releases", ...shared]);
  assert.match(stdout, /kept[\s\S]*100 %\s+live/);
  const logs = await godwit(["logs", ...shared, "--since", "1h"]);
  assert.equal(logs.code, 0, logs.stderr);
  assert.match(logs.stderr, /^no lines\. --follow goes on with what comes/); // this app prints none
  const secrets = await godwit(["secrets", "list", ...shared]);
  assert.equal(secrets.stdout, "API_KEY\n");

  running.child.kill("SIGINT");
  const ended = await running.ended;
  assert.equal(ended.code, 0, ended.stderr);
  const runs = [ended, again, second, back, logs, secrets];
  for (const { stdout, stderr } of runs) assert.ok(!(stdout + stderr).includes("canary-4711"));
  assert.match(ended.stderr, /beforePromote the key is \[secret\]/);
});

test("a wrong setting of the vendor is told before anything is built, and a rehearsal says that it ends", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse", "--yes"];
  const config = files["godwit.config.ts"].replace("listen:", "lisen:");
  await writeFile(join(root, "godwit.config.ts"), config);
  const wrong = await godwit(["deploy", ...shared], { env });
  assert.match(wrong.stderr, /DEPLOY_CONFIG_INVALID[\s\S]*lisen/);
  assert.doesNotMatch(wrong.stdout, /built/);
  await writeFile(join(root, "godwit.config.ts"), files["godwit.config.ts"]);
  const right = await godwit(["deploy", ...shared], { env });
  assert.match(right.stdout, /http:\/\/\S+\nthis rehearsal, and its URL, end with this command: --serve keeps them/);
});

test("a plan says what a value was, and what a new one is", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse", "--plan"];
  await godwit(["deploy", "--root", root, "--rehearse", "--yes"], { env });
  const config = (word: string) =>
    files["godwit.config.ts"].replace("listen:", `workers: 2, health: "${word}", listen:`);
  await writeFile(join(root, "godwit.config.ts"), config("/"));
  const { stdout } = await godwit(["deploy", ...shared], { env });
  assert.match(stdout, /^ {6}workers: 1 -> 2\n {6}health: \/$/m);
});

test("an interrupted deploy says that the same command goes on, and it does", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse", "--yes"];
  const running = startGodwit(t, ["deploy", ...shared], { ...env, WAIT: "1" });
  await new Promise<void>((resolve) => {
    running.child.stderr?.on("data", () => running.stderr().includes("waiting") && resolve());
  });
  running.child.kill("SIGINT");
  const { code, stderr, stdout } = await running.ended;
  assert.equal(code, 130);
  assert.match(stderr, /interrupted: what has the traffic keeps it/);
  assert.match(stdout, /verified with 1 request[\s\S]*stopped: run beforePromote/);
  const again = await godwit(["deploy", ...shared], { env });
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /deployed production/);
});

test("a stage goes by its name, and stays without a yes", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse", "--stage", "pr-12"];
  const deployed = await godwit(["deploy", ...shared, "--yes"], { env: { ...env, WORD: "twelve" } });
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.match((await godwit(["destroy", ...shared])).stderr, /DEPLOY_UNCONFIRMED/);
  const gone = await godwit(["destroy", ...shared, "--yes"]);
  assert.match(gone.stdout, /removed pr-12 on node/);
  assert.match((await godwit(["releases", ...shared])).stdout, /nothing is deployed/);
});

test("what is wrong on the command line or in the config is told before any call", async (t) => {
  const root = await createShop(t);
  const shared = ["--root", root, "--rehearse"];
  const run = async (...args: string[]) => {
    const { code, stderr } = await godwit(args, { env });
    return { code, stderr };
  };
  assert.equal((await run("deploy", ...shared, "--canary", "50%,20%")).code, 64);
  assert.equal((await run("deploy", ...shared, "--interval", "soon")).code, 64);
  const inline = await run("secrets", "set", `KEY=${SECRET}`, ...shared);
  assert.equal(inline.code, 64);
  assert.match(inline.stderr, /never from the command line/);
  assert.match((await run("deploy", ...shared, "--stage", "Pr_12")).stderr, /DEPLOY_STAGE_INVALID/);
  assert.match((await run("deploy", ...shared, "--no-build")).stderr, /ARTEFACT_ABSENT/);
  assert.match((await run("secrets", "set", "KEY", ...shared)).stderr, /SECRET_EMPTY/);
  const bytes = await godwit(["secrets", "set", "KEY", ...shared], { env, input: Buffer.from([0x61, 0xff, 0xfe]) });
  assert.match(bytes.stderr, /SECRET_NOT_TEXT/);
  await writeFile(join(root, ".env.production"), "");
  assert.match((await run("deploy", ...shared, "--yes")).stderr, /ENV_INVALID[\s\S]*WORD/);
  await writeFile(join(root, ".env.production"), files[".env.production"]);
  const config = files["godwit.config.ts"];
  await writeFile(join(root, "godwit.config.ts"), config.replace("listen:", "listne:"));
  assert.match((await run("deploy", ...shared, "--yes")).stderr, /DEPLOY_CONFIG_INVALID[\s\S]*deploy\.node/);
  await writeFile(join(root, "godwit.config.ts"), config.replace('name: "shop",', ""));
  assert.match((await run("deploy", ...shared, "--yes")).stderr, /DEPLOY_APP_UNNAMED/);
});
