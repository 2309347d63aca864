/**
 * What stands for Redis and Upstash on this machine, where a stage has no values for a store's variables: a redis-server
 * from PATH, and Upstash's REST interface before it.
 * @module
 */
import { chooseStores, type Kept, openKept } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";
import type { StoreDriver } from "@godwit/core/types";
import type { UpstashFront } from "../dev/upstash/front.ts";
import type { RedisServer } from "../dev/upstash/redis-server.ts";
import type { Project, TargetName } from "./config.ts";
import { boundNames } from "./env-check.ts";
import { stageEnv } from "./env-files.ts";

export interface LocalStoresOptions {
  /** The app's folder, absolute. */
  root: string;
  /** Whether what stores hold outlives the process, in `.godwit/state/redis`. */
  keep: boolean;
  say(message: string): void;
}

export interface LocalStores {
  /**
   * Values for the variables of a target's stores that have none in the stage, nor in `given`. Starts what stands behind
   * them where it does not run; without such stores nothing is started. Rejects with REDIS_SERVER_MISSING and
   * REDIS_SERVER_FAILED.
   */
  values(
    project: Project,
    target: TargetName,
    stage: string,
    given?: Record<string, string>,
  ): Promise<Record<string, string>>;
  close(): Promise<void>;
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

interface Running {
  redis: RedisServer;
  upstash?: Promise<UpstashFront>;
}

/**
 * Nothing runs before `values` is called.
 *
 * @example
 * const local = createLocalStores({ root, keep: true, say: print });
 * const emulator = await emulateTarget(project, target, artefact, { env: await local.values(project, target, "dev") });
 */
export function createLocalStores({ root, keep, say }: LocalStoresOptions): LocalStores {
  const said = new Set<string>();
  const sayOnce = (message: string): void => {
    if (!said.has(message)) say(message);
    said.add(message);
  };
  let kept: Kept | undefined;
  let running: Promise<Running> | undefined;
  let closed = false;

  const start = async (lacking: readonly Lacking[]): Promise<Running> => {
    const { findRedisServer, startRedisServer } = await import("../dev/upstash/redis-server.ts");
    const program = findRedisServer();
    if (program === undefined) throw missing(lacking);
    if (keep) kept ??= openKept(root, "redis");
    if (keep && !kept)
      sayOnce("Another process has what redis-server keeps for this app: here it begins empty, in memory.");
    const redis = await startRedisServer({
      program,
      folder: kept?.folder,
      onEnd(why) {
        running = undefined;
        said.clear();
        void started.upstash?.then((front) => front.close());
        say(`redis-server has ended: ${why}. The stores on it fail until the runtime is started anew.`);
      },
    });
    const started: Running = { redis };
    return started;
  };
  /** One that could not start is tried again. */
  const run = (lacking: readonly Lacking[]): Promise<Running> => {
    running ??= start(lacking).catch((error) => {
      running = undefined;
      throw error;
    });
    return running;
  };
  const open = async (now: Running): Promise<UpstashFront> => {
    const { openUpstash } = await import("../dev/upstash/front.ts");
    now.upstash ??= openUpstash({ redis: now.redis });
    return now.upstash;
  };

  return {
    async values(project, target, stage, given = {}) {
      const lacking = await findLacking(project, target, stage, given);
      if (lacking.length === 0 || closed) return {};
      const now = await run(lacking);
      const values: Record<string, string> = {};
      for (const { name, kind, vars, secrets } of lacking) {
        if (kind === "redis") {
          for (const variable of secrets) values[variable] = now.redis.url;
          sayOnce(`store ${name}: redis, on redis-server at 127.0.0.1:${now.redis.port}`);
        } else {
          const { url, token } = await open(now);
          for (const variable of vars) values[variable] = url;
          for (const variable of secrets) values[variable] = token;
          sayOnce(`store ${name}: upstash, on redis-server behind ${url}`);
        }
      }
      return values;
    },
    async close() {
      closed = true;
      const now = await running?.catch(() => undefined);
      const front = await now?.upstash?.catch(() => undefined);
      await front?.close();
      await now?.redis.close();
      kept?.release();
    },
  };
}

/** Where any variable of a store has a value, somebody means a server of theirs. */
async function findLacking(
  project: Project,
  target: TargetName,
  stage: string,
  given: Record<string, string>,
): Promise<Lacking[]> {
  const stores = Object.entries(chooseStores(project.build, target)).flatMap(([name, driver]) => toStore(name, driver));
  if (stores.length === 0) return [];
  const names = stores.flatMap(({ vars, secrets }) => [...vars, ...secrets]);
  const [values, bound] = await Promise.all([stageEnv(project.root, stage, names), boundNames(project, target)]);
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
    `There is nothing to stand for the stores ${stores}: ${names} have no value, and there is no redis-server on the PATH. Install it (\`apt-get install redis-server\`, \`brew install redis\`), or give them values in .env.local.`,
  );
}
