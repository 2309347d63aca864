import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

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
export function godwit(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1", ...options.env };
    const child = spawn(process.execPath, [bin, ...args], { env, cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
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
