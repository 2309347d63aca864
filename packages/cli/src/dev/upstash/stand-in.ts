/**
 * A redis-server and the front before it, kept for an app: one process has them, others of the app use them too, and one
 * of those goes on with them where it ends. Addresses stay, from one to the next.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Kept, openKept } from "@godwit/bundler";
import { openUpstash, type UpstashFront } from "./front.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

export interface StandInOptions {
  /** The path of redis-server. */
  program: string;
  /** The app's folder, absolute. */
  root: string;
  /** The folder in `.godwit/state` for what it holds; without one that ends with it. */
  keep?: string | undefined;
  say(message: string): void;
}

export interface StandIn {
  /** What clients are given at this moment. */
  readonly redis: { url: string; port: number };
  readonly upstash: { url: string; token: string };
  /** Another process has it. */
  readonly isShared: boolean;
  /** It has ended by itself, and is not started anew. */
  readonly isOver: boolean;
  close(): Promise<void>;
}

/** As it is written beside what is kept. */
interface Address {
  redis: { url: string; port: number; password: string };
  upstash: { url: string; port: number; token: string };
}

interface Served {
  redis: RedisServer;
  front: UpstashFront;
}

/** How often a redis-server that ends by itself is started anew. */
const RESTARTS = 3;
/** Milliseconds between two looks whether another process has ended. */
const PULSE = 250;
/** How many of them one that has just begun may take to say where it is. */
const PATIENCE = 40;

/** Throws REDIS_SERVER_FAILED and DEV_READ_ONLY. */
export async function openStandIn({ program, root, keep, say }: StandInOptions): Promise<StandIn> {
  let kept: Kept | undefined;
  let served: Served | undefined;
  let address: Address;
  let restarts = 0;
  let closed = false;
  let over = false;
  /** What happens by itself. */
  let work: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const serve = async (known: Address | undefined): Promise<void> => {
    const redis = await startRedisServer({ program, folder: kept?.folder, ...known?.redis, onEnd });
    let front: UpstashFront;
    try {
      front = await openUpstash({ redis, ...known?.upstash });
    } catch (error) {
      await redis.close();
      throw error;
    }
    served = { redis, front };
    const { port, password } = redis;
    address = {
      redis: { url: redis.url, port, password },
      upstash: { url: front.url, port: Number(new URL(front.url).port), token: front.token },
    };
    if (kept) await writeFile(fileIn(kept.folder), JSON.stringify(address), { mode: 0o600 });
  };
  /** The same again, for those who have its address. */
  const serveAgain = async (): Promise<void> => {
    const before = address;
    try {
      await serve(before);
      if (closed) await end();
      if (JSON.stringify(before) !== JSON.stringify(address)) say(`redis-server has another address now. ${ANEW}`);
    } catch (error) {
      over = true;
      say(`${String(error)} ${ANEW}`);
    }
  };
  const onEnd = (why: string): void => {
    const old = served;
    served = undefined;
    const goesOn = ++restarts <= RESTARTS;
    over = !goesOn;
    say(`redis-server has ended: ${why}. ${goesOn ? "It is started anew." : ANEW}`);
    work = work.then(async () => {
      await old?.front.close();
      if (goesOn && !closed) await serveAgain();
    });
  };
  const end = async (): Promise<void> => {
    const { redis, front } = served ?? {};
    served = undefined;
    await front?.close();
    await redis?.close();
  };
  /** Goes on where the other process ends. */
  const watch = (name: string): void => {
    timer = setInterval(() => {
      try {
        kept = openKept(root, name);
      } catch (error) {
        clearInterval(timer);
        say(`${String(error)} ${ANEW}`);
      }
      if (!kept) return;
      clearInterval(timer);
      work = work.then(serveAgain);
    }, PULSE).unref();
  };

  if (keep !== undefined) kept = openKept(root, keep);
  const folder = keep === undefined ? undefined : join(root, ".godwit", "state", keep);
  const other = folder !== undefined && !kept ? await readOther(folder) : undefined;
  if (other && keep !== undefined) {
    address = other;
    watch(keep);
  } else {
    try {
      await serve(kept && (await readAddress(kept.folder)));
    } catch (error) {
      await end();
      kept?.release();
      throw error;
    }
  }
  return {
    get redis() {
      return address.redis;
    },
    get upstash() {
      return address.upstash;
    },
    get isShared() {
      return timer !== undefined && !kept;
    },
    get isOver() {
      return over;
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await work;
      await end();
      kept?.release();
    },
  };
}

const ANEW = "The stores on it fail until the runtime is started anew.";

function fileIn(folder: string): string {
  return join(folder, "address.json");
}

async function readAddress(folder: string): Promise<Address | undefined> {
  try {
    const { redis, upstash } = JSON.parse(await readFile(fileIn(folder), "utf8")) as Address; // written by us; what is not fails next
    const { url, port, password } = redis;
    return { redis: { url, port, password }, upstash: { url: upstash.url, port: upstash.port, token: upstash.token } };
  } catch {
    return undefined; // none yet, or cut short by a kill
  }
}

/** That of the process that has it, which may be about to write it. */
async function readOther(folder: string): Promise<Address | undefined> {
  for (let left = PATIENCE; left > 0; left--) {
    const address = await readAddress(folder);
    if (address) return address;
    await sleep(PULSE);
  }
  return undefined;
}
