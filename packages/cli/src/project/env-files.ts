/**
 * Variables of a stage, from `.env` files and the shell. The shell wins, then the more specific file.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { GodwitError } from "@godwit/core/errors";

/** The files of a stage, the weaker first. `.local` files are for this machine alone and stay out of version control. */
export function envFiles(stage: string): string[] {
  return [".env", ".env.local", `.env.${stage}`, `.env.${stage}.local`];
}

/** Those that a deploy reads: what `.env.local` holds is for this machine, such as a database on it. */
export function deployEnvFiles(stage: string): string[] {
  return [".env", `.env.${stage}`, `.env.${stage}.local`];
}

/**
 * Those that a deploy takes secrets from: what `.env` holds, often in version control, is no secret of a stage. A
 * rehearsal reads it too, since nobody but this machine is reached there.
 */
export function secretEnvFiles(stage: string, rehearse: boolean): string[] {
  return deployEnvFiles(stage).filter((file) => rehearse || file !== ".env");
}

/** What the files alone say. Throws ENV_FILE_UNREADABLE. */
export async function readEnvFiles(
  root: string,
  stage: string,
  files: readonly string[] = envFiles(stage),
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const name of files) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(join(root, name)));
      Object.assign(values, parseEnv(text));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw new GodwitError(
        "ENV_FILE_UNREADABLE",
        `${name} cannot be read as UTF-8 text: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }
  return values;
}

/** The values of a stage for the names that an app declares, and everything that its files say. */
export async function stageEnv(
  root: string,
  stage: string,
  names: readonly string[],
  files: readonly string[] = envFiles(stage),
): Promise<Record<string, string>> {
  const values = await readEnvFiles(root, stage, files);
  for (const name of new Set([...names, ...Object.keys(values)])) {
    const fromShell = process.env[name];
    if (fromShell !== undefined) values[name] = fromShell;
  }
  return values;
}

/** The values with others under them: what has a value of its own keeps it. */
export function layUnder(under: Record<string, string>, values: Record<string, string>): Record<string, string> {
  const lacking = Object.entries(under).filter(([name]) => !values[name]);
  return { ...values, ...Object.fromEntries(lacking) };
}
