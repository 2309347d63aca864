/**
 * Heavy tools of emulators are optional: they are taken from the app, else from beside the CLI, else offered.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import type { Tool, Tools } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";

/** The main file of a package, as the app, the CLI or the adapters see it. */
export function findTool(root: string, name: string): string | undefined {
  const adapters = import.meta.resolve("@godwit/adapters/registry");
  for (const from of [join(root, "package.json"), import.meta.url, adapters]) {
    try {
      return createRequire(from).resolve(name);
    } catch {
      // looked for in the next place; that it is nowhere is what undefined says
    }
  }
  return undefined;
}

/** The tools an emulator asks for (name -> reason). Asks to install a missing one on a terminal; else TOOL_MISSING. */
export async function loadTools(root: string, wanted: Record<string, string>): Promise<Tools> {
  const tools: Tools = {};
  for (const [name, reason] of Object.entries(wanted)) {
    const path = findTool(root, name) ?? (await offer(root, name, reason));
    tools[name] = createTool(path);
  }
  return tools;
}

function createTool(path: string): Tool {
  return { path, load: () => import(pathToFileURL(path).href) };
}

async function offer(root: string, name: string, reason: string): Promise<string> {
  const [manager, ...words] = installCommand(root, name);
  const command = [manager, ...words].join(" ");
  const missing = toolMissing(root, { [name]: reason });
  if (!process.stdin.isTTY || process.env.CI) throw missing;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // the prompt has the terminal, so it has Ctrl-C too; an end of input is a no
  prompt.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ended = new Promise<string>((resolve) => prompt.once("close", () => resolve("n")));
  const question = `${name} is needed: ${reason}. Install it now with \`${command}\`? [Y/n] `;
  const answer = await Promise.race([prompt.question(question), ended]);
  prompt.close();
  if (!/^(?:y|yes|)$/i.test(answer.trim())) throw missing;
  const code = await new Promise<number | null>((resolve, reject) => {
    spawn(manager, words, { cwd: root, stdio: [0, 2, 2], shell: process.platform === "win32" })
      .on("error", reject)
      .on("exit", resolve);
  });
  const path = code === 0 ? findTool(root, name) : undefined;
  if (!path) throw missing;
  return path;
}

/** One error for all that are missing (name -> reason). */
export function toolMissing(root: string, missing: Record<string, string>): GodwitError {
  const lines = Object.entries(missing).map(
    ([name, reason]) => `${name} is not installed: ${reason}. Install it with: ${installCommand(root, name).join(" ")}`,
  );
  return new GodwitError("TOOL_MISSING", lines.join("\n"));
}

/** The app's own package manager, told by the nearest lockfile. */
export function installCommand(root: string, name: string): [string, ...string[]] {
  const lockfiles = { "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "package-lock.json": "npm" };
  for (let folder = root; ; folder = dirname(folder)) {
    for (const [file, manager] of Object.entries(lockfiles)) {
      if (existsSync(join(folder, file))) return manager === "npm" ? npm(name) : [manager, "add", "-D", name];
    }
    if (folder === dirname(folder)) return npm(name);
  }
}

/** Without install scripts: no tool needs its own, and that of aws-lambda-ric would ask for a compiler. */
function npm(name: string): [string, ...string[]] {
  return ["npm", "install", "--ignore-scripts", "-D", name];
}
