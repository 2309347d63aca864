import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const bin = new URL("bin.ts", import.meta.url).pathname;
/** Inside the workspace, so that apps find core as an installed app would. */
const home = new URL("../../../test/", import.meta.url).pathname;

/** An app in a folder of its own, gone when the test ends. */
export async function createApp(t: TestContext, files: Record<string, string | Uint8Array>): Promise<string> {
  await mkdir(join(home, ".godwit"), { recursive: true });
  const root = await mkdtemp(join(home, ".godwit", "cli-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, contents] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), contents);
  }
  return root;
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as a user's shell would. */
export function godwit(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; input?: Uint8Array } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1", ...options.env };
    const child = spawn(process.execPath, [bin, ...args], { env, cwd: options.cwd });
    child.stdin.on("error", () => {}); // it may end before it has read all of it
    child.stdin.end(options.input);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A command that goes on until it is told to stop. */
export interface Running {
  child: ChildProcess;
  /** Resolves when standard output has it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  stderr(): string;
  ended: Promise<Ran>;
}

/** Starts the command; it is killed when the test ends. */
export function startGodwit(t: TestContext, args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  const ended = new Promise<Ran>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  const says = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(stdout);
        if (found) resolve(found);
      };
      look();
      child.stdout.on("data", look);
      void ended.then((ran) => reject(new Error(`it ended with ${ran.code}: ${ran.stderr}`)));
    });
  return { child, says, stderr: () => stderr, ended };
}

/** The processes below one, by ids; those that have ended and were not yet taken notice of are none. */
export function childrenOf(pid: number): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state = ""]) => !state.startsWith("Z"));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => Number(ppid) === parent).flatMap(([id]) => [Number(id), ...below(Number(id))]);
  return below(pid);
}

/** Resolves when none of the processes is there any more. */
export async function gone(pids: readonly number[]): Promise<void> {
  const alive = (pid: number) => {
    const rows = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
    return rows !== "" && !rows.startsWith("Z");
  };
  while (pids.some(alive)) await sleep(50);
}
