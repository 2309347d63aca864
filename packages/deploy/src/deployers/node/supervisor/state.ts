/**
 * What lies in the stage's folder, which is the working directory.
 * @module
 */
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Refusal, toRefusal } from "./refusal.ts";
import type { ReleaseFile, SecretsFile } from "./words.ts";

const ID = /^[\w-]{1,80}$/;

export async function readRelease(id: string): Promise<ReleaseFile> {
  const text = ID.test(id) ? await readFile(`releases/${id}/release.json`, "utf8").catch(() => undefined) : undefined;
  if (text === undefined) throw new Refusal("unknown-release", `There is no release ${id}.`);
  return JSON.parse(text) as ReleaseFile; // the agent wrote it
}

export async function readSecrets(): Promise<SecretsFile> {
  const text = await readFile("secrets.json", "utf8").catch(() => undefined);
  return text === undefined ? { revision: 0, values: {} } : (JSON.parse(text) as SecretsFile); // the agent wrote it
}

/** The release that is live for good. */
export async function readCurrent(): Promise<string | undefined> {
  return readlink("current").then(basename, () => undefined);
}

/** In one step: whoever starts after it serves this release. */
export async function writeCurrent(id: string): Promise<void> {
  try {
    await writeFile(`releases/${id}/live`, `${new Date().toISOString()}\n`);
    await rm("current.next", { force: true });
    await symlink(`releases/${id}`, "current.next");
    await rename("current.next", "current");
  } catch (error) {
    throw toRefusal(error);
  }
}

export async function readPort(): Promise<number> {
  return Number(await readFile("port", "utf8").catch(() => "0"));
}

export async function writePort(port: number): Promise<void> {
  await writeFile("port.next", `${port}\n`);
  await rename("port.next", "port");
}

export async function makeFolders(): Promise<void> {
  await mkdir("logs", { recursive: true, mode: 0o700 });
}
