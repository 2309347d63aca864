/**
 * Variables as the app sees them in development: its `.env` files, and of the shell what these or `env.ts` name.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findEnvNames } from "@godwit/bundler";
import { stageEnv } from "../project/env-files.ts";

const FILES = ["ts", "mts", "js", "mjs", "tsx", "jsx"].map((extension) => `env.${extension}`);

export interface EnvSource {
  /** Read once until `forget`. Rejects with ENV_FILE_UNREADABLE. */
  read(): Promise<Record<string, string>>;
  /** `.env` files or `env.ts` have changed. */
  forget(): void;
}

export function createEnvSource(root: string, stage: string): EnvSource {
  let known: Promise<Record<string, string>> | undefined;
  return {
    read() {
      known ??= namesIn(root).then((names) => stageEnv(root, stage, names));
      known.catch(() => {}); // each who reads is told
      return known;
    },
    forget() {
      known = undefined;
    },
  };
}

export function isEnvModule(root: string, path: string): boolean {
  return FILES.some((name) => join(root, name) === path);
}

/** The names that `env.ts` declares, read as the build reads them: its code runs in the app alone. */
async function namesIn(root: string): Promise<readonly string[]> {
  const { vars, secrets } = await findEnvNames(
    root,
    FILES.find((name) => existsSync(join(root, name))),
  );
  return [...vars, ...secrets];
}
