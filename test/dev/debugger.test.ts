import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { attach, freePorts } from "./debugger.fixture.ts";

const home = new URL("../.godwit/", import.meta.url).pathname;
const bin = new URL("../../packages/cli/src/bin.ts", import.meta.url).pathname;

const FILES = {
  "lib/double.ts": `interface Numbers {
  first: number;
}

export function double({ first }: Numbers): number {
  const twice: number = first * 2;
  const answer = Math.round(twice);
  return answer;
}
`,
  "routes/(odd names)/[n].ts": `import { double } from "../../lib/double.ts";

export const config = { timeout: "1s" };
type Params = { params: { n: string } };

export function GET(_request: Request, { params }: Params): Response {
  const first = Number(params.n);
  return new Response(String(double({ first })));
}
`,
  // Runs where Node does, on every platform.
  "routes/files/[n].ts": `import { readFileSync } from "node:fs";
import { double } from "../../lib/double.ts";

export function GET(_request: Request, { params }: { params: { n: string } }): Response {
  const first = Number(params.n);
  return new Response(String(double({ first }) + readFileSync("/dev/null", "utf8")));
}
`,
};

interface Started {
  root: string;
  url: string;
  write(path: string, text: string): void;
}

async function start(t: TestContext, target: string, inspect: number, files: Record<string, string>): Promise<Started> {
  mkdirSync(home, { recursive: true });
  const root = mkdtempSync(join(home, "debugger-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const args = ["dev", "--root", root, "--port", "0", "--target", target, "--inspect", String(inspect)];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(async () => {
    child.kill("SIGINT");
    if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
    rmSync(root, { recursive: true, force: true });
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`godwit dev ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as { event: string; url: string };
      if (event.event === "ready") resolve(event.url);
    });
  });
  return { root, url, write };
}

interface Case {
  target: string;
  /** Added to the port. */
  offset?: number;
  /** Whose handler it stops in. */
  route?: "(odd names)" | "files";
}

const CASES: Record<string, Case> = {
  node: { target: "node" },
  "workerd, through miniflare's own inspector": { target: "cloudflare" },
  "the process of AWS's runtime client": { target: "lambda" },
  "an Edge function of vercel": { target: "vercel" },
  "a Node function of vercel beside it": { target: "vercel", offset: 1, route: "files" },
};

for (const [name, { target, offset = 0, route = "(odd names)" }] of Object.entries(CASES)) {
  test(`a debugger stops ${name} at a line of TypeScript, before and after an edit`, async (t) => {
    const inspect = await freePorts(2);
    const { "routes/files/[n].ts": files, ...plain } = FILES;
    const { root, url, write } = await start(t, target, inspect, target === "vercel" ? FILES : plain);
    const path = route === "files" ? "files/" : "";
    const get = async (n: number) => (await fetch(`${url}${path}${n}`)).text();
    const tool = await attach(inspect + offset);
    t.after(() => tool.close());
    assert.equal(await get(1), "2");
    await tool.breakAt(join(root, "lib/double.ts"), 7);
    const answer = get(21);
    assert.deepEqual(await tool.paused("twice"), { place: `${join(root, "lib/double.ts")}:7`, value: 42 });
    await new Promise((resolve) => setTimeout(resolve, 1200)); // longer than the route's own timeout
    await tool.resume();
    assert.equal(await answer, "42");

    await tool.clear();
    const file = `routes/${route}/[n].ts`;
    const text = "\n".repeat(20) + FILES[file as keyof typeof FILES]; // one of its two routes
    const line = text.split("\n").findIndex((each) => each.includes("return new Response")) + 1;
    write(file, text);
    void tool.breakAt(join(root, file), line);
    const stopped = tool.paused("first");
    let later: Promise<string>;
    do later = get(2);
    while ((await Promise.race([stopped, later])) === "4"); // until the edit is seen, and the debugger has its script
    assert.deepEqual(await stopped, { place: `${join(root, file)}:${line}`, value: 2 });
    await tool.resume();
    assert.equal(await later, "4");
  });
}
