/**
 * The user's package manager: told by the nearest lockfile, else by who runs this command, else npm.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const LOCKFILES = {
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
  "package-lock.json": "npm",
} as const;

export type Manager = (typeof LOCKFILES)[keyof typeof LOCKFILES];

/** `agent` is `npm_config_user_agent`, such as `pnpm/10.1.0 npm/? node/v24.0.0 linux x64`. */
export function findManager(root: string, agent: string | undefined): Manager {
  for (let folder = root; ; folder = dirname(folder)) {
    for (const [file, manager] of Object.entries(LOCKFILES)) if (existsSync(join(folder, file))) return manager;
    if (folder === dirname(folder)) break;
  }
  const running = agent?.split("/")[0];
  return Object.values(LOCKFILES).find((manager) => manager === running) ?? "npm";
}

/** `npm run dev`, or as the others spell it. */
export function runScript(manager: Manager, script: string): string {
  if (manager === "npm") return script === "test" ? "npm test" : `npm run ${script}`;
  return manager === "bun" ? `bun run ${script}` : `${manager} ${script}`;
}

/** A package's own command, such as `npx godwit`, for where there is no script that calls it. */
export function runBin(manager: Manager, bin: string): string {
  const words = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" } as const;
  return `${words[manager]} ${bin}`;
}

/** Runs the install with its own progress on standard error. Gives why it failed, if it did. */
export function install(root: string, manager: Manager): Promise<string | undefined> {
  return new Promise((resolve) => {
    spawn(manager, ["install"], { cwd: root, stdio: [0, 2, 2], shell: process.platform === "win32" })
      .on("error", (error) => resolve(`${manager} cannot be started: ${error.message}`))
      .on("exit", (code, signal) => resolve(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  });
}
