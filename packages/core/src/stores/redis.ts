/**
 * A store in Redis over TCP, through ioredis.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { createRedisStore, type RedisLayout } from "./redis-store.ts";
import { isPassing, type Reply, readVariable, Said, type Wire, type Word } from "./redis-wire.ts";
import { Transient, unreachable } from "./remote.ts";
import type { OpenStore, Store, StoreDriver } from "./store.ts";

export interface RedisOptions extends RedisLayout {
  /**
   * The variable with the address: `redis://user:password@host:6379/0`, with TLS `rediss://...`, or the path of a socket.
   * Default `REDIS_URL`.
   */
  url?: string;
}

/**
 * Names the driver in `godwit.config.ts`. It needs the package ioredis in the app. `upstash()` on the same database sees
 * the same values and counters.
 *
 * @example stores: { main: { node: redis(), lambda: redis({ url: "CACHE_URL", deadline: 300 }) } }
 */
export function redis(options: RedisOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/redis",
    options: { ...options },
    guarantees: { reads: "exact", durable: true, maxValue: MAX_VALUE, minTtl: 0, list: "exact", counters: "exact" },
    runtimes: ["node"],
    env: { secrets: [options.url ?? URL_NAME] },
  };
}

const URL_NAME = "REDIS_URL";
/** As `sqlite()` takes, so that an app that moves keeps its values. */
const MAX_VALUE = 26_214_400;
/** Milliseconds after which a connection is looked at before it is used: a Lambda may have been frozen meanwhile. */
const IDLE = 10_000;

/** The part of a client of ioredis that is used. */
interface Client {
  connect(): Promise<void>;
  disconnect(): void;
  callBuffer(command: string, ...words: unknown[]): Promise<Reply>;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "connect" | "close", listener: () => void): void;
  stream: { unref(): void };
}
interface Link {
  ready: Promise<Client>;
  /** Once it is ready. */
  client?: Client;
}
interface Library {
  default: new (url: string, options: object) => Client;
}

/** Nothing is connected before the first use. Throws STORE_VARIABLE_INVALID; methods reject with STORE_CLIENT_MISSING. */
export function open({ url = URL_NAME, ...layout }: RedisOptions, given: OpenStore): Store {
  const what = "an address such as rediss://:password@host:6379, its password percent-encoded";
  const address = readVariable(given, url, /^(?:rediss?:\/\/|\/)/, what);
  const wire = createWire(given.name, address, layout.deadline ?? 1_000);
  return createRedisStore(given.name, layout, { wire, most: MAX_VALUE, from: url });
}

/**
 * One connection, made when it is needed and made anew when it is lost: between calls nothing waits, and nothing is kept
 * to be sent later. A command that has no answer in time closes it, so that the next one does not wait on a dead socket.
 */
function createWire(store: string, url: string, deadline: number): Wire {
  let link: Link | undefined;
  let used = 0;
  const drop = (client: Client): void => {
    if (link?.client === client) link = undefined;
    client.disconnect();
  };
  /** Closes the connection where the answer does not come. */
  const inTime = async <T>(client: Client, most: number, answer: Promise<T>): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${most} ms`));
        drop(client);
      }, most);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const check = async (client: Client, most: number): Promise<Client> => {
    try {
      await inTime(client, most, client.callBuffer("PING"));
    } catch (error) {
      // Whoever may not ping was answered.
      if (!/^NOPERM/.test(messageOf(error))) {
        drop(client);
        throw error;
      }
    }
    return client;
  };
  const connect = async (): Promise<Client> => {
    const client = new (await load()).default(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      autoResendUnfulfilledCommands: false,
      connectTimeout: deadline,
      retryStrategy: null,
    });
    let fault: Error | undefined;
    client.on("error", (error) => {
      fault ??= error;
    });
    // Whoever waits for an answer has a timer: the socket alone keeps no process alive.
    client.on("connect", () => client.stream.unref());
    client.on("close", () => drop(client));
    try {
      await client.connect();
      // Not before the password and the number of the database are known to be right.
      await check(client, deadline / 2);
      if (fault) throw fault;
      return client;
    } catch (error) {
      client.disconnect();
      throw fault ?? error;
    }
  };
  const reach = (): Promise<Client> => {
    const isIdle = Math.abs(Date.now() - used) > IDLE;
    used = Date.now();
    if (!link || isIdle) {
      const next: Link = {
        ready: link ? link.ready.then((client) => check(client, deadline / 4)).catch(connect) : connect(),
      };
      link = next;
      next.ready.then(
        (client) => {
          next.client = client;
        },
        () => {
          if (link === next) link = undefined;
        },
      );
    }
    return link.ready;
  };
  return {
    toField: (bytes) => ["r", bytes],
    async send([command, ...words], { again }) {
      let client: Client;
      try {
        client = await reach();
      } catch (error) {
        if (error instanceof GodwitError) throw error;
        throw isReply(error) ? new Said(messageOf(error)) : new Transient(messageOf(error));
      }
      try {
        const answer = client.callBuffer(String(command), ...words.map(toBuffer));
        // A command that must not be sent twice has all the time there is.
        return await inTime(client, again ? deadline / 2 : deadline, answer);
      } catch (error) {
        // The message alone: ioredis puts the words of a command, a password among them, beside it.
        const message = messageOf(error);
        if (isReply(error)) {
          // Another server may be the primary by now.
          if (isPassing(message)) drop(client);
          throw new Said(message);
        }
        if (again || message.startsWith("Stream isn't writeable")) throw new Transient(message);
        throw unreachable(store, `lost its connection before it answered: ${message}`);
      }
    },
  };
}

/** By its first word: a bundle has other names for classes. */
function isReply(error: unknown): boolean {
  return /^[A-Z]{2,} /.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** ioredis sends no other bytes. */
function toBuffer(word: Word): unknown {
  if (typeof word === "string") return word;
  const { Buffer } = globalThis as unknown as { Buffer: { from(...part: unknown[]): unknown } }; // core has no types of Node
  return Buffer.from(word.buffer, word.byteOffset, word.byteLength);
}

async function load(): Promise<Library> {
  try {
    return await library();
  } catch (cause) {
    throw new GodwitError(
      "STORE_CLIENT_MISSING",
      "The driver redis() needs the package ioredis. Run `npm install ioredis@5`, and build again.",
      { cause },
    );
  }
}

/** Apart from the `try`, or a build would leave out what it does not find. */
function library(): Promise<Library> {
  return import("ioredis" as string); // a cast, so that the types of Node do not come in with those of ioredis
}
