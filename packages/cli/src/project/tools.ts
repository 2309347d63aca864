/**
 * Heavy tools of emulators are optional: they are taken from the app, else from beside the CLI, else offered.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Tool, Tools } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { findManager } from "../init/manager.ts";

/** The main file of a package, as the app, the CLI or the adapters see it. */
export function findTool(root: string, name: string): string | undefined {
  const adapters = fileURLToPath(import.meta.resolve("@godwit/adapters/registry"));
  for (const from of [join(root, "package.json"), fileURLToPath(import.meta.url), adapters]) {
    if (!isInstalled(dirname(from), name)) continue;
    try {
      return createRequire(from).resolve(name);
    } catch {
      // looked for in the next place; that it is nowhere is what undefined says
    }
  }
  return undefined;
}

/**
 * Whether a folder sees a package. Node remembers what its resolver did not find: asked too early, it would not see what
 * is installed a moment later.
 */
export function isInstalled(from: string, name: string): boolean {
  if (process.versions.pnp) return true; // Yarn's resolver, which needs no folder
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name, "package.json"))) return true;
    if (folder === dirname(folder)) return false;
  }
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
  const command = installCommand(root, name).join(" ");
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
  await installTools(root, [name]);
  // pnpm fails for an install script that it did not run, though all is there
  const path = findTool(root, name);
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

/** Runs the package manager with its own progress on standard error. Whether it worked is what `findTool` says. */
export async function installTools(root: string, names: readonly string[]): Promise<void> {
  const [manager, ...words] = installCommand(root, ...names);
  await new Promise<void>((resolve) => {
    spawn(manager, words, { cwd: root, stdio: [0, 2, 2], shell: process.platform === "win32" })
      .on("error", () => resolve())
      .on("exit", () => resolve());
  });
}

/**
 * By the app's own package manager, told by the nearest lockfile. npm runs no install scripts: no tool needs its own,
 * and that of aws-lambda-ric would ask for a compiler.
 */
export function installCommand(root: string, ...names: string[]): [string, ...string[]] {
  const manager = findManager(root, undefined);
  return manager === "npm" ? ["npm", "install", "--ignore-scripts", "-D", ...names] : [manager, "add", "-D", ...names];
}
