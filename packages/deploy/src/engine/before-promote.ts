/**
 * The app's own command before a release gets traffic, such as a migration.
 * @module
 */
import { spawn } from "node:child_process";
import { GodwitError } from "@godwit/core/errors";
import { onLines } from "./lines.ts";

export interface CommandOptions {
  /** The folder that it runs in. */
  cwd: string;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** What it prints, a line at a time. */
  onLine(line: string): void;
  /** Milliseconds. Default 30 minutes. */
  deadline?: number;
}

/** Milliseconds between asking it to end and ending it. */
const GRACE = 5000;

/** Runs it in a shell, to its end. Throws DEPLOY_BEFORE_PROMOTE_FAILED. */
export async function runCommand(command: string, options: CommandOptions): Promise<void> {
  const { cwd, env, signal, onLine, deadline = 30 * 60_000 } = options;
  signal.throwIfAborted();
  const isPosix = process.platform !== "win32";
  // a group of its own, so that what the shell started ends with it
  const child = spawn(command, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"], detached: isPosix });
  for (const stream of [child.stdout, child.stderr]) onLines(stream, onLine);
  const kill = (name: NodeJS.Signals) => {
    try {
      if (isPosix && child.pid !== undefined) process.kill(-child.pid, name);
      else child.kill(name);
    } catch {
      // it has ended between the question and the answer
    }
  };
  let timers: NodeJS.Timeout[] = [];
  let isLate = false;
  const end = () => {
    kill("SIGTERM");
    timers.push(setTimeout(() => kill("SIGKILL"), GRACE));
  };
  timers = [
    setTimeout(() => {
      isLate = true;
      end();
    }, deadline),
  ];
  signal.addEventListener("abort", end, { once: true });
  try {
    const how = await new Promise<string | undefined>((resolve) => {
      child.on("error", (error) => resolve(`could not be started: ${error.message}`));
      child.on("close", (code, killedBy) => resolve(code === 0 ? undefined : `ended with ${code ?? killedBy}`));
    });
    signal.throwIfAborted();
    if (how === undefined) return;
    const why = isLate ? `was not done within ${Math.round(deadline / 60_000)} minutes` : how;
    throw new GodwitError(
      "DEPLOY_BEFORE_PROMOTE_FAILED",
      `\`${command}\` (deploy.beforePromote) ${why}. The new release got no traffic, and the old one serves on.`,
    );
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
