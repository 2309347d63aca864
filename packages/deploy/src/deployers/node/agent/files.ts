/**
 * Files of the host, and why something is not done with them.
 * @module
 */
import * as fs from "node:fs/promises";
import type { Answer } from "./words.ts";

/** Reads so many bytes of what follows the request; rejects when nothing follows any more. */
export type Take = (bytes: number) => Promise<Uint8Array>;

/** A line of the answer. */
export function say(answer: Answer): void {
  process.stdout.write(`godwit ${JSON.stringify(answer)}\n`);
}

export class Refused extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function toRefused(error: unknown): { reason: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Refused) return { reason: error.reason, message };
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOSPC: "disk-full",
    EDQUOT: "disk-full",
    EACCES: "permission",
    EPERM: "permission",
    EROFS: "permission",
  };
  return { reason: reasons[String(code)] ?? "failed", message };
}

export async function read(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all, for its owner alone. */
export async function write(path: string, value: unknown): Promise<void> {
  const next = `${path}.next`;
  const file = await fs.open(next, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(next, path);
}
