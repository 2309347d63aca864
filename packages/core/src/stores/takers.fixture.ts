/**
 * Processes that take from one store at once, each in its own.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Json } from "./store.ts";

export interface Taker {
  /** The driver's file. */
  driver: string;
  options?: { [name: string]: Json };
  bindings: { [name: string]: Json };
  takes: number;
}

/** How many takes of all went through a limit of 100. Fails where a process does not end by itself, and well. */
export async function takeAtOnce(takers: readonly Taker[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const script = join(import.meta.dirname, "taker.fixture.ts");
  const through = await Promise.all(
    takers.map(async (taker) => {
      const child = spawn(process.execPath, [script, JSON.stringify(taker)], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env },
        timeout: 60_000,
      });
      const [printed, errors]: string[][] = [[], []];
      child.stdout.on("data", (data) => printed?.push(String(data)));
      child.stderr.on("data", (data) => errors?.push(String(data)));
      const [code] = await once(child, "close");
      assert.equal(code, 0, errors?.join(""));
      return Number(printed?.join(""));
    }),
  );
  return through.reduce((sum, count) => sum + count, 0);
}
