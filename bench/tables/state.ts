/**
 * A cached hit and a limited request, on one redis-server and on Upstash's protocol before it: CPU and round trips of
 * whole exchanges, from Request to the text of the Response, in the contestant's process. `raw` is the store's own call
 * and a handler.
 * @module
 */
import { join } from "node:path";
import { openUpstash } from "../../packages/cli/src/dev/upstash/front.ts";
import { findRedisServer, startRedisServer } from "../../packages/cli/src/dev/upstash/redis-server.ts";
import { type Child, startChild } from "../frame/child.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

const CONTESTANTS = ["raw", "godwit", "ocache", "upstash"];
const OPERATIONS = ["hit, memory", "hit, Redis", "limit, Redis", "limit, REST", "blocked, REST"];
const COLUMNS = OPERATIONS.flatMap((name): Column[] => [
  { name, relation: "value", unit: "µs of CPU" },
  { name: `trips of ${name}`, relation: "value", unit: "" },
]);
/** Milliseconds of CPU for one figure. */
const CPU = 300;

export async function measure(options: TableOptions & { cpu?: number } = {}): Promise<Table> {
  const { rounds = 7, cpu = CPU } = options;
  const contestants = choose(CONTESTANTS, options);
  const program = findRedisServer();
  if (!program) throw new Error("The table state needs redis-server on PATH.");
  const server = await startRedisServer({ program });
  const front = await openUpstash({ redis: server });
  const children = new Map<string, Child>();
  try {
    const env = {
      REDIS_URL: server.url,
      UPSTASH_REDIS_REST_URL: front.url,
      UPSTASH_REDIS_REST_TOKEN: front.token,
    };
    const file = join(import.meta.dirname, "state.child.js");
    for (const name of contestants) {
      children.set(
        name,
        startChild(file, { args: [join(import.meta.dirname, `../contestants/_state/${name}.ts`)], env }),
      );
    }
    const known = new Map<string, { cpu: number; trips: number } | null | undefined>();
    const rows = await runRounds({
      contestants,
      columns: COLUMNS,
      base: "raw",
      rounds,
      async measure(contestant, name) {
        const column = name.replace("trips of ", "");
        const key = `${contestant} ${column}`;
        if (column === name) known.set(key, await children.get(contestant)?.ask({ column, cpu }));
        const figures = known.get(key);
        return column === name ? figures?.cpu : figures?.trips;
      },
    });
    const about =
      "A cached hit and a limited request from Request to text: CPU of the contestant's process, and round trips to the store. `blocked` is a client over its limit. `raw` is the store's own call and a handler.";
    return { name: "state", about, base: "raw", rounds, columns: COLUMNS, rows };
  } finally {
    for (const child of children.values()) await child.stop();
    await front.close();
    await server.close();
  }
}
