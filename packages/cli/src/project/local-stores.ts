/**
 * What stands for Redis and Upstash on this machine, where a stage has no values for a store's variables: a redis-server
 * from PATH, and Upstash's REST interface before it.
 * @module
 */
import { chooseStores } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";
import type { StoreDriver } from "@godwit/core/types";
import type { StandIn } from "../dev/upstash/stand-in.ts";
import type { Project, TargetName } from "./config.ts";
import { stageEnv } from "./env-files.ts";

export interface LocalStoresOptions {
  /** The app's folder, absolute. */
  root: string;
  /** The folder in `.godwit/state` for what stores hold, shared with who names the same. Default: in memory. */
  keep?: string;
  say(message: string): void;
}

export interface LocalStores {
  /**
   * Values for the variables of a target's stores that have none. Starts what stands behind them where it does not run;
   * without such stores nothing is started. Rejects with REDIS_SERVER_MISSING and REDIS_SERVER_FAILED.
   */
  values(project: Project, target: TargetName, stage: string, known?: KnownValues): Promise<Record<string, string>>;
  close(): Promise<void>;
}

export interface KnownValues {
  /** Values beside those of the stage. */
  given?: Record<string, string> | undefined;
  /** The stage's files. Default: all of them. */
  files?: readonly string[];
}

/** Drivers that a redis-server can stand for, by their module. */
const KINDS: Record<string, "redis" | "upstash"> = {
  "@godwit/core/stores/redis": "redis",
  "@godwit/core/stores/upstash": "upstash",
};

/** A store that lacks its values. */
interface Lacking {
  name: string;
  kind: "redis" | "upstash";
  vars: string[];
  secrets: string[];
}

/**
 * Nothing runs before `values` is called.
 *
 * @example
 * const local = createLocalStores({ root, keep: "redis", say: print });
 * const emulator = await emulateTarget(project, target, artefact, { env: await local.values(project, target, "dev") });
 */
export function createLocalStores({ root, keep, say }: LocalStoresOptions): LocalStores {
  const said = new Set<string>();
  const sayOnce = (message: string): void => {
    if (!said.has(message)) say(message);
    said.add(message);
  };
  let standIn: Promise<StandIn> | undefined;
  const start = async (lacking: readonly Lacking[]): Promise<StandIn> => {
    const { findRedisServer } = await import("../dev/upstash/redis-server.ts");
    const { openStandIn } = await import("../dev/upstash/stand-in.ts");
    const program = findRedisServer();
    if (program === undefined) throw missing(lacking);
    return openStandIn({ program, root, keep, say });
  };

  return {
    async values(project, target, stage, known = {}) {
      const lacking = await findLacking(project, target, stage, known);
      if (lacking.length === 0) return {};
      const before = await standIn;
      if (before?.isOver) {
        await before.close();
        standIn = undefined;
      }
      // One that could not start is tried again.
      standIn ??= start(lacking).catch((error) => {
        standIn = undefined;
        throw error;
      });
      const { redis, upstash, isShared } = await standIn;
      const values: Record<string, string> = {};
      for (const { name, kind, vars, secrets } of lacking) {
        const place = kind === "redis" ? `at 127.0.0.1:${redis.port}` : `behind ${upstash.url}`;
        for (const variable of vars) values[variable] = upstash.url;
        for (const variable of secrets) values[variable] = kind === "redis" ? redis.url : upstash.token;
        sayOnce(`store ${name}: ${kind}, on ${isShared ? "another process's redis-server" : "redis-server"} ${place}`);
      }
      return values;
    },
    async close() {
      const opened = await standIn?.catch(() => undefined);
      await opened?.close();
    },
  };
}

/** Where any variable of a store has a value, somebody means a server of theirs. */
async function findLacking(
  project: Project,
  target: TargetName,
  stage: string,
  { given = {}, files }: KnownValues,
): Promise<Lacking[]> {
  const stores = Object.entries(chooseStores(project.build, target)).flatMap(([name, driver]) => toStore(name, driver));
  if (stores.length === 0) return [];
  // Most apps have no such store, and need not load this to start.
  const { boundNames } = await import("./env-check.ts");
  const names = stores.flatMap(({ vars, secrets }) => [...vars, ...secrets]);
  const [values, bound] = await Promise.all([stageEnv(project.root, stage, names, files), boundNames(project, target)]);
  const hasValue = (one: string) => given[one] || values[one] || bound.has(one);
  return stores.filter(({ vars, secrets }) => ![...vars, ...secrets].some(hasValue));
}

function toStore(name: string, { module, env: { vars = [], secrets = [] } = {} }: StoreDriver): Lacking[] {
  const kind = KINDS[module];
  return kind ? [{ name, kind, vars, secrets }] : [];
}

function missing(lacking: readonly Lacking[]): GodwitError {
  const stores = lacking.map(({ name, kind }) => `"${name}" (${kind})`).join(", ");
  const names = [...new Set(lacking.flatMap(({ vars, secrets }) => [...vars, ...secrets]))].join(", ");
  return new GodwitError(
    "REDIS_SERVER_MISSING",
    `There is nothing to stand for the stores ${stores}: ${names} have no value, and there is no redis-server on the PATH. Install it (\`apt-get install redis-server\`, \`brew install redis\`), or give them values, in development in .env.local.`,
  );
}
