/**
 * What a store, a cache and a rate limit add to a function: the minified bundle with it, less the hello of the same
 * maker. The peers are bundled as a function of their own would be.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { platforms } from "../../packages/adapters/src/registry.gen.ts";
import { build } from "../../packages/bundler/src/index.ts";
import type { StoreDriver } from "../../packages/core/src/types.ts";
import { esbuild, openTemporary } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

const bench = fileURLToPath(new URL("..", import.meta.url));
const HOSTS = { Lambda: "lambda", Workers: "cloudflare", Edge: "vercel" } as const;
const RUNTIMES = { Lambda: "node", Workers: "workerd", Edge: "edge" } as const;
type HostName = keyof typeof HOSTS;

/** Each driver's factory by its file in core, and what it is called with. */
const DRIVERS: Record<string, [file: string, factory: string, ...given: string[]]> = {
  "memory()": ["memory", "memory"],
  "redis()": ["redis", "redis"],
  "upstash()": ["upstash", "upstash"],
  "dynamodb()": ["dynamodb", "dynamodb", "MAIN"],
  "kv()": ["kv", "kv", "MAIN"],
  "cacheApi()": ["cache-api", "cacheApi"],
  "durableObject()": ["durable-object", "durableObject", "MAIN"],
  "runtimeCache()": ["runtime-cache", "runtimeCache"],
};

const LIMIT = `import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { slidingWindow } from "@godwit/core/rate-limit/sliding-window";
const limits = [{ algorithm: slidingWindow, limit: 10, window: 10_000 }];`;
const CACHE = 'import { cache } from "@godwit/core/middleware/cache";';
const HELLO = 'export const GET = () => new Response("Hello");';

/** Our features: the driver of `main`, the folder's middleware and the route. */
const OURS: Record<string, { driver?: string; middleware?: string; route: string }> = {
  ...Object.fromEntries(
    Object.keys(DRIVERS).map((driver) => [
      driver,
      { driver, route: 'export const GET = async (_, c) => new Response((await c.store("main").get("a"))?.text());' },
    ]),
  ),
  "rateLimit()": { middleware: `${LIMIT}\nexport default rateLimit({ limits });`, route: HELLO },
  "rateLimit() on upstash()": {
    driver: "upstash()",
    middleware: `${LIMIT}\nexport default rateLimit({ store: "main", limits });`,
    route: HELLO,
  },
  "cache()": { middleware: `${CACHE}\nexport default cache({ ttl: 60 });`, route: HELLO },
  "cache() on upstash()": {
    driver: "upstash()",
    middleware: `${CACHE}\nexport default cache({ store: "main", ttl: 60 });`,
    route: HELLO,
  },
};

/** The peers' hello is a bare handler. */
const PEERS: Record<string, string> = {
  "@upstash/redis": `import { Redis } from "@upstash/redis/cloudflare";
export default { fetch: async (_, env) => new Response(await Redis.fromEnv(env).get("a")) };`,
  "@upstash/ratelimit": `import { Redis } from "@upstash/redis/cloudflare";
import { Ratelimit } from "@upstash/ratelimit";
export default { async fetch(request, env) {
  const limit = new Ratelimit({ redis: Redis.fromEnv(env), limiter: Ratelimit.slidingWindow(10, "10 s") });
  return new Response((await limit.limit(request.headers.get("cf-connecting-ip"))).success ? "Hello" : "no");
} };`,
  "ocache in memory": `import { defineCachedHandler } from "ocache";
const handler = defineCachedHandler(() => new Response("Hello"), { maxAge: 60 });
export default { fetch: (req) => handler({ req, url: new URL(req.url) }) };`,
  "ocache on unstorage with upstash": `import { createStorage } from "unstorage";
import upstash from "unstorage/drivers/upstash";
import { createBlobStorage, defineCachedHandler } from "ocache";
export default { fetch(req, env) {
  const kept = createStorage({ driver: upstash({ url: env.URL, token: env.TOKEN }) });
  const storage = createBlobStorage({ get: (key) => kept.getItemRaw(key), set: (key, value, o) => value === null ? kept.removeItem(key) : kept.setItemRaw(key, value, o) });
  return defineCachedHandler(() => new Response("Hello"), { maxAge: 60, storage })({ req, url: new URL(req.url) });
} };`,
};
const PEERS_HELLO = 'export default { fetch: () => new Response("Hello") };';

const COLUMNS = Object.keys(HOSTS).flatMap((name): Column[] => [
  { name, relation: "value", unit: "KB" },
  { name: `${name} gzip`, relation: "value", unit: "KB" },
]);

interface Size {
  plain: number;
  gzip: number;
}

export async function measure(options: TableOptions = {}): Promise<Table> {
  const contestants = choose([...Object.keys(OURS), ...Object.keys(PEERS)], options);
  const { folder, remove } = openTemporary();
  symlinkSync(join(bench, "node_modules"), join(folder, "node_modules"));
  try {
    const hello = new Map<string, Size | undefined>();
    const rows = await runRounds({
      contestants,
      columns: COLUMNS,
      base: "",
      rounds: 1,
      async measure(contestant, column) {
        const [, host = "", gzip] = /^(.*?)( gzip)?$/.exec(column) ?? [];
        const own = contestant in OURS;
        const sizeOf = (what: string) => (own ? ourSize(what, host as HostName, folder) : peerSize(what, host, folder)); // a key of HOSTS
        const base = `${own} ${host}`;
        if (!hello.has(base)) hello.set(base, await sizeOf("hello"));
        const [less, all] = [hello.get(base), await sizeOf(contestant)];
        if (!less || !all) return undefined;
        return gzip ? all.gzip - less.gzip : all.plain - less.plain;
      },
    });
    const about = "What each adds to a function, minified: the function with it, less a hello of the same maker.";
    return { name: "state-size", about, base: "hello", rounds: 1, columns: COLUMNS, rows };
  } finally {
    remove();
  }
}

/** Undefined where the driver does not run there. */
async function ourSize(name: string, host: HostName, folder: string): Promise<Size | undefined> {
  const { driver: driverName, middleware, route } = OURS[name] ?? { route: HELLO };
  const driver = driverName === undefined ? undefined : await driverOf(driverName);
  if (driverName !== undefined && !driver) return undefined;
  if (driver?.runtimes && !driver.runtimes.includes(RUNTIMES[host])) return undefined;
  const root = join(folder, `${name}-${host}`.replace(/\W+/g, "-"));
  mkdirSync(join(root, "routes"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "name": "size", "type": "module" }\n');
  const runtime = host === "Edge" ? 'export const config = { runtime: "edge" };\n' : "";
  writeFileSync(join(root, "routes/index.ts"), `${runtime}${route}\n`);
  if (middleware) writeFileSync(join(root, "routes/_middleware.ts"), `${middleware}\n`);
  const { target } = await platforms[HOSTS[host]].target();
  const slice = await target.config["~standard"].validate({});
  if (slice.issues) throw new Error("the target's own defaults are valid");
  const adaptersFrom = new URL("../../packages/cli/src/index.ts", import.meta.url).href;
  const { artefact } = await build({
    root,
    app: "size",
    target,
    targetConfig: slice.value,
    config: driver ? { stores: { main: { [target.name]: driver } } } : {},
    adaptersFrom,
  });
  const fn = artefact.manifest.functions.find(({ routes }) => routes.length > 0);
  const files = (fn?.files ?? []).filter(({ path }) => /\.[cm]?js$/.test(path));
  return sum(files.map(({ path }) => readFileSync(join(artefact.root, path))));
}

async function driverOf(name: string): Promise<StoreDriver | undefined> {
  const [file, factory = "", ...given] = DRIVERS[name] ?? [];
  const path = join(bench, `../packages/core/src/stores/${file}.ts`);
  if (!existsSync(path)) return undefined;
  return (await import(path))[factory](...given);
}

async function peerSize(name: string, host: string, folder: string): Promise<Size> {
  const entry = join(folder, `${name}-${host}`.replace(/\W+/g, "-"), "index.js");
  mkdirSync(join(entry, ".."), { recursive: true });
  writeFileSync(entry, PEERS[name] ?? PEERS_HELLO);
  const outfile = join(entry, "../out.mjs");
  await esbuild().build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: host === "Lambda" ? "node" : "browser",
    conditions: host === "Lambda" ? ["module"] : ["workerd", "worker", "edge-light", "module"],
    target: "es2024",
    mainFields: ["module", "main"],
    external: ["node:*", "cloudflare:*"],
    legalComments: "none",
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return sum([readFileSync(outfile)]);
}

function sum(files: readonly Buffer[]): Size {
  return {
    plain: files.reduce((bytes, file) => bytes + file.length, 0) / 1024,
    gzip: files.reduce((bytes, file) => bytes + gzipSync(file, { level: 9 }).length, 0) / 1024,
  };
}
