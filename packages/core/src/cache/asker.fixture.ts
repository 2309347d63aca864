/**
 * A process with an app behind a cache, that many ask at once: `node asker.fixture.ts <driver> <bindings> <origin> <count>`.
 * It says `ready`, waits for a line, asks, and prints what was answered, as JSON.
 * @module
 */
import { once } from "node:events";
import { appOf, ORIGIN } from "../app.fixture.ts";
import { type CacheContext, cached } from "../cache.ts";
import { cache } from "../middleware/cache.ts";
import { openStores } from "../stores/open.ts";
import { open as openRedis } from "../stores/redis.ts";
import { open as openSqlite } from "../stores/sqlite.ts";

const [, , driver, bindings = "{}", origin = "", count] = process.argv;
const open = () =>
  driver === "redis"
    ? openRedis({ deadline: 20_000 }, { name: "main", bindings: JSON.parse(bindings) })
    : openSqlite({}, { name: "main", bindings: JSON.parse(bindings) });
const load = cached(async (_context: CacheContext, path: string) => (await fetch(origin + path)).text(), {
  ...{ store: "main", key: "load", ttl: 60, wait: 30_000, lock: 30 },
});
const app = appOf(
  async (request, context) =>
    request.url.endsWith("/function") ? new Response(await load(context, "/function")) : fetch(`${origin}/response`),
  [cache({ store: "main", wait: 30_000, lock: 30, tags: ["a"], key: keyOf })],
  { stores: openStores({ main: { open } }) },
);

function keyOf({ url }: Request): string | undefined {
  return url.endsWith("/function") ? undefined : url;
}

process.stdout.write("ready\n");
await once(process.stdin, "data");
const answers = await Promise.all(
  Array.from({ length: Number(count) }, async (_, at) => {
    const response = await app.fetch(new Request(`${ORIGIN}/${at % 2 ? "function" : "response"}`));
    return response.text();
  }),
);
process.stdout.write(JSON.stringify(answers));
process.stdin.destroy();
