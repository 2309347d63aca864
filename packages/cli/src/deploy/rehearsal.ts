/**
 * A vendor's control plane on this machine: the one of this app that runs already, else one in this process.
 * @module
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane, DeployerModule } from "@godwit/deploy";
import { createRun } from "./run-artefact.ts";
import { openTables } from "./tables.ts";

export interface Rehearsal {
  /** What the vendor's clients read to come here. */
  env: Record<string, string>;
  url: URL;
  /** It runs in this process and ends with it. */
  own: boolean;
  close(): Promise<void>;
}

/** What lies in the folder of a vendor's rehearsal while one runs. */
interface Address {
  /** A `file:` URL where nothing has to listen. */
  url: string;
  env: Record<string, string>;
  /** Of the process that has it open; 0 when that one has closed it. */
  pid: number;
}

/** Milliseconds that a running one may take to be recognised. */
const PATIENCE = 2000;
/** Milliseconds from the port to the address that says so. */
const SETTLED = 300;

/** Finds or starts it. Its state is in `.godwit/rehearsal/<vendor>` of the app's folder. */
export async function openRehearsal(
  root: string,
  vendor: string,
  rehearse: NonNullable<DeployerModule["rehearse"]>,
): Promise<Rehearsal> {
  const folder = rehearsalFolder(root, vendor);
  const file = join(folder, "address.json");
  await mkdir(folder, { recursive: true });
  const known = await readAddress(file);
  if (known && (await isAlive(known))) return joined(known);
  const options = { folder, run: createRun(root), tables: () => openTables(root) };
  let plane = await startAgain(rehearse, options, known);
  if (!plane) {
    // Somebody has its port: another command that began a moment ago, whose state must not be written by two.
    await sleep(SETTLED);
    const theirs = await readAddress(file);
    if (theirs && (await isAlive(theirs))) return joined(theirs);
    plane = await rehearse(options);
  }
  const address: Address = { url: plane.url.href, env: plane.env, pid: process.pid };
  const write = (pid: number) => writeFile(file, JSON.stringify({ ...address, pid }), { mode: 0o600 });
  await write(process.pid);
  // Not at once by an interrupt: the deploy that is on its way has a lock to let go of, and closes it then.
  const close = async () => {
    await plane.close();
    await write(0); // the address stays, so that the next one has the same URLs
  };
  return { env: plane.env, url: plane.url, own: true, close };
}

export function rehearsalFolder(root: string, vendor: string): string {
  return join(root, ".godwit", "rehearsal", vendor);
}

function joined({ env, url }: Address): Rehearsal {
  return { env, url: new URL(url), own: false, close: async () => {} };
}

/** On the port of the last time; undefined where it is not free. */
async function startAgain(
  rehearse: NonNullable<DeployerModule["rehearse"]>,
  options: Parameters<typeof rehearse>[0],
  known: Address | undefined,
): Promise<ControlPlane | undefined> {
  const port = known ? Number(new URL(known.url).port) : 0;
  if (port === 0) return rehearse(options);
  try {
    return await rehearse({ ...options, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error; // any error may have a code
    return undefined;
  }
}

async function readAddress(file: string): Promise<Address | undefined> {
  try {
    const { url, env, pid } = JSON.parse(await readFile(file, "utf8")) as Address; // written by us; what is not fails next
    return { url: new URL(url).href, env: { ...env }, pid: Number(pid) };
  } catch {
    await rm(file, { force: true }); // absent, or cut short by a kill
    return undefined;
  }
}

async function isAlive({ url, pid }: Address): Promise<boolean> {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    if (url.startsWith("file:")) return true;
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
