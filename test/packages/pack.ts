import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const root = new URL("../..", import.meta.url).pathname;
const exec = promisify(execFile);

/** The pnpm that the workspace pins, without a global one. */
export const PNPM = ["npx", "--yes", "pnpm@12.21.0"] as const;

export interface Tarball {
  name: string;
  path: string;
}

/** A folder, and variables that only its commands see. */
export interface Place {
  cwd: string;
  env: Record<string, string>;
}

function toPlace(place: string | Place): Place {
  return typeof place === "string" ? { cwd: place, env: {} } : place;
}

/** Runs a command to its end; what it printed is in the error when it fails. */
export async function run(place: string | Place, command: string, ...args: string[]): Promise<string> {
  const { cwd, env } = toPlace(place);
  try {
    const { stdout } = await exec(command, args, { cwd, maxBuffer: 32 * 1024 * 1024, env: { ...cleanEnv(), ...env } });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${stdout}\n${stderr}`);
  }
}

/** What npm sets for its own children would leak this workspace into the empty project. */
function cleanEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_TEST_CONTEXT|INIT_CWD)/i.test(name));
  return Object.fromEntries(entries);
}

/** Packs the published packages with pnpm into a temporary folder. */
export async function packAll(): Promise<{ tarballs: Tarball[]; folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "godwit-pack-"));
  const tarballs: Tarball[] = [];
  for (const room of ["core", "bundler", "adapters", "deploy", "cli"]) {
    const before = new Set(await readdir(folder));
    await run(join(root, "packages", room), ...PNPM, "pack", "--pack-destination", folder);
    const file = (await readdir(folder)).find((name) => !before.has(name));
    if (!file) throw new Error(`pnpm pack wrote nothing for ${room}`);
    tarballs.push({ name: room === "cli" ? "godwit" : `@godwit/${room}`, path: join(folder, file) });
  }
  return { tarballs, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** An empty project outside the workspace, with the README's route in it. */
export async function createProject(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "godwit-user-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Starts a command, gives the first URL that it prints, and stops it. */
export async function withServer(
  place: string | Place,
  command: string[],
  ask: (url: string) => Promise<void>,
): Promise<void> {
  const [file = "", ...args] = command;
  const { cwd, env: own } = toPlace(place);
  const env = { ...cleanEnv(), ...own };
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let printed = "";
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const take = (data: Buffer) => {
        printed += data.toString();
        const found = /https?:\/\/[\w.:[\]]+\//.exec(printed)?.[0];
        if (found) resolve(found);
      };
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.on("exit", (code) => reject(new Error(`${command.join(" ")} ended with ${code}:\n${printed}`)));
    });
    await ask(url);
  } finally {
    // npx has children of its own: the whole group goes.
    if (child.exitCode === null && child.pid) process.kill(-child.pid, "SIGTERM");
    if (child.exitCode === null) await new Promise((resolve) => child.on("exit", resolve));
  }
}
