/**
 * The agent: what a deploy does on the host. Its files have nothing but Node's built-ins, are sent with each call and
 * gone after it, so that a host needs Node alone. Each operation can be repeated: an answer that was lost does no harm.
 * @module
 */
import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { SecretsFile, SupervisorStatus } from "../supervisor/words.ts";
import { control, install } from "./control.ts";
import { Refused, read, say, type Take, toRefused, write } from "./files.ts";
import { lock, readLock, unlock } from "./lock.ts";
import { logs } from "./logs.ts";
import { areIntact, byAge, have, prune, put, readRelease, sweep } from "./releases.ts";
import type { Look, Place, Request } from "./words.ts";

const KEPT_LOOK = 50;
/** What may be the first that is done for an app. Others find nothing, and do nothing. */
const MAKES: ReadonlySet<string> = new Set(["lock", "put", "install", "secret"]);

/** Reads a length in eight hexadecimal digits and a question, answers with a line, and so on until nothing follows. */
export async function main(take: Take): Promise<void> {
  const text = new TextDecoder();
  for (;;) {
    const size = Number.parseInt(text.decode(await take(8)), 16);
    const request = JSON.parse(text.decode(await take(size))) as Request; // the deployer's
    try {
      say({ ok: (await perform(request, take)) ?? null });
    } catch (error) {
      say({ refused: toRefused(error) });
      // What belongs to the question may still follow: nobody would know where the next one begins.
      if (request.op === "put") return;
    }
  }
}

async function perform(request: Request, take: Take): Promise<unknown> {
  const { place } = request;
  const root = place.path.startsWith("~/") ? join(homedir(), place.path.slice(2)) : place.path;
  if (request.op === "look") return look(root, place);
  const folder = join(root, place.stage);
  const owner = await readOwner(root);
  if (MAKES.has(request.op)) {
    if (owner === undefined) await claim(root, place);
    await check(root, place);
    await fs.mkdir(join(folder, "releases"), { recursive: true, mode: 0o700 });
  } else {
    if (owner === undefined) return null;
    await check(root, place);
    if (!(await exists(folder))) return null;
  }
  process.chdir(folder);
  switch (request.op) {
    case "lock":
      return lock(request);
    case "unlock":
      return unlock(request.owner);
    case "put":
      return put(request.release, new Set(request.kept), take);
    case "have":
      return have(request.hashes);
    case "install":
      return install(request);
    case "control":
      return control(request.command, request.time);
    case "secret":
      return secret(request.name, request.value);
    case "prune":
      return prune(request.keep);
    case "sweep":
      return sweep();
    case "destroy":
      return destroy(root, place.stage);
    case "logs":
      return logs(request.since, request.follow, take);
  }
}

async function readOwner(root: string): Promise<string | undefined> {
  const names = await fs.readdir(root).catch(() => []);
  if (names.length === 0) return undefined;
  const text = await read(join(root, "app.json"));
  return text === undefined ? "" : (JSON.parse(text) as { app: string }).app; // `claim` wrote it
}

/** Throws when the folder is another app's, or nobody's that we know. */
async function check(root: string, { app }: Place): Promise<void> {
  const owner = await readOwner(root);
  if (owner !== app)
    throw new Refused(
      "taken",
      owner ? `${root} is the folder of the app ${owner}.` : `${root} is not empty, and no deploy made it.`,
    );
}

async function exists(path: string): Promise<boolean> {
  return fs.stat(path).then(
    () => true,
    () => false,
  );
}

/** Makes the folder this app's. Of two that come at once one wins, and the other sees it. */
async function claim(root: string, place: Place): Promise<void> {
  await fs.mkdir(root, { recursive: true });
  const text = `${JSON.stringify({ app: place.app })}\n`;
  await fs.writeFile(join(root, "app.json"), text, { flag: "wx" }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
}

async function look(root: string, place: Place): Promise<Look> {
  const found: Look = {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    folder: root,
    owner: await readOwner(root),
    intact: true,
    unswept: false,
    releases: [],
    secrets: { names: [], revision: 0 },
  };
  try {
    process.chdir(join(root, place.stage));
  } catch {
    return found;
  }
  found.current = (await fs.readlink("current").catch(() => undefined))?.split("/").at(-1);
  found.installed = await fs.readlink("supervisor/current").catch(() => undefined);
  const { revision, values } = await readSecrets();
  found.secrets = { names: Object.keys(values).sort(), revision };
  found.lock = (await readLock())?.lock;
  for (const id of await fs.readdir("releases").catch(() => [])) {
    found.unswept ||= id.startsWith(".partial-");
    const release = await readRelease(id);
    if (!release) continue;
    const { files, ...rest } = release;
    const wasLive = (await read(`releases/${id}/live`)) !== undefined;
    found.releases.push({ ...rest, wasLive });
    if (id === found.current) found.intact = await areIntact(`releases/${id}`, files);
  }
  found.releases.sort(byAge).splice(KEPT_LOOK);
  found.status = (await control({ command: "status" }, 5000).catch(() => undefined)) as SupervisorStatus | undefined; // what `status` answers
  return found;
}

async function readSecrets(): Promise<SecretsFile> {
  const text = await read("secrets.json");
  return text === undefined ? { revision: 0, values: {} } : (JSON.parse(text) as SecretsFile); // `secret` wrote it
}

async function secret(name: string, value: string | undefined): Promise<void> {
  const { revision, values } = await readSecrets();
  if (values[name] === value) return;
  if (value === undefined) delete values[name];
  else values[name] = value;
  await write("secrets.json", { revision: revision + 1, values });
}

async function destroy(root: string, stage: string): Promise<void> {
  await control({ command: "stop" }, 5000).catch(() => {});
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (!(await control({ command: "status" }, 5000).catch(() => undefined))) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.chdir(root);
  await fs.rm(stage, { recursive: true, force: true });
  const left = (await fs.readdir(".")).filter((name) => name !== "app.json");
  if (left.length > 0) return;
  await fs.rm("app.json", { force: true });
  await fs.rmdir(root).catch(() => {}); // it may be a mount, or below a folder that is not ours to write
}
