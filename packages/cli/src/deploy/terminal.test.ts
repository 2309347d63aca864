import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import { createApp, godwit } from "../cli.fixture.ts";

const bin = new URL("../bin.ts", import.meta.url).pathname;

/** Types each answer when its question stands on the terminal. */
function onTerminal(args: string[], answers: [question: string, answer: string][]) {
  // Without a shell in between: Ctrl-C ends that too, and one such as dash then answers 130 for itself.
  const command = `exec ${[process.execPath, bin, ...args].map((word) => `'${word}'`).join(" ")}`;
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  delete env.CI; // where it is set, nobody is asked
  const child = spawn("script", ["-qec", command, "/dev/null"], { env });
  let printed = "";
  child.stdout.on("data", (data) => {
    printed += data;
    const [question, answer] = answers[0] ?? [];
    if (question === undefined || !printed.includes(question)) return;
    answers.shift();
    setTimeout(() => child.stdin.write(answer ?? ""), 200); // a prompt stands before it listens
  });
  return new Promise<{ code: number | null; printed: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, printed }));
  });
}

async function createShop(t: TestContext): Promise<string[]> {
  const root = await createApp(t, {
    "godwit.config.ts": `export default { name: "shop", deploy: { node: { listen: "127.0.0.1" } } };`,
    "routes/index.ts": `export const GET = () => new Response("ok");`,
  });
  const shared = ["--root", root, "--rehearse"];
  t.after(() => godwit(["destroy", ...shared, "--yes"]));
  return shared;
}

test("on a terminal a no changes nothing, and a yes ships and serves until Ctrl-C", async (t) => {
  const shared = await createShop(t);
  const no = await onTerminal(["deploy", ...shared], [["[y/N]", "n\r"]]);
  assert.match(no.printed, /nothing was changed/);
  assert.equal(no.code, 1);
  assert.match((await godwit(["releases", ...shared])).stdout, /nothing is deployed/);
  const yes = await onTerminal(
    ["deploy", ...shared],
    [
      ["[y/N]", "y\r"],
      ["Ctrl-C ends it", "\x03"],
    ],
  );
  assert.match(yes.printed, /deployed production[\s\S]*serving the rehearsal/);
  assert.equal(yes.code, 0);
});

test("Ctrl-C at a question is an interrupt", async (t) => {
  const shared = await createShop(t);
  const { code, printed } = await onTerminal(["deploy", ...shared], [["[y/N]", "\x03"]]);
  assert.equal(code, 130);
  assert.match(printed, /interrupted/);
});

test("a secret is not shown while it is typed, and a stage goes when its name is", async (t) => {
  const shared = await createShop(t);
  const set = await onTerminal(["secrets", "set", "API_KEY", ...shared], [["not shown", "canary-4711\r"]]);
  assert.equal(set.code, 0, set.printed);
  assert.doesNotMatch(set.printed, /canary/);
  const wrong = await onTerminal(["destroy", ...shared], [["Type production", "prod\r"]]);
  assert.match(wrong.printed, /nothing was removed/);
  assert.equal(wrong.code, 1);
  const right = await onTerminal(["destroy", ...shared], [["Type production", "production\r"]]);
  assert.match(right.printed, /removed production on node/);
  assert.equal((await godwit(["secrets", "list", ...shared])).stdout, "");
});
