/**
 * Dev servers: from saving a route to its new answer, and from the command to the first answer, at 100 and at 1,000
 * routes with zod.
 * @module
 */
import { join } from "node:path";
import { openTemporary } from "../frame/contestants.ts";
import { DEV_SERVERS, type DevServer, startDev, writeDevApp } from "../frame/dev.ts";
import type { DevApp } from "../frame/dev-apps.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, type Row, runRounds } from "../frame/rounds.ts";

/** Starts take seconds: fewer rounds tell as much. */
const STARTS = 5;

export async function measure(options: TableOptions & { counts?: readonly number[] } = {}): Promise<Table> {
  const { rounds = 20, counts = [100, 1000] } = options;
  const contestants = choose(Object.keys(DEV_SERVERS), options);
  const columns: Column[] = [];
  let rows: Row[] = contestants.map((contestant) => ({ contestant, cells: [] }));
  for (const routes of counts) {
    const own = ["start", "save to answer"].map((what): Column => {
      return { name: `${routes} routes, ${what}`, relation: "value", unit: "ms" };
    });
    const more = await measureCount(contestants, own, routes, rounds);
    columns.push(...own);
    rows = rows.map(({ contestant, cells }, at) => ({ contestant, cells: [...cells, ...(more[at]?.cells ?? [])] }));
  }
  const about =
    `Dev servers of apps whose routes have a schema of zod each: from the command to the first answer (${STARTS} starts at ` +
    "most), and from saving a route to its answer with the change. Wall time, so of a quiet machine alone.";
  return { name: "reload", about, base: contestants[0] ?? "", rounds, columns, rows };
}

async function measureCount(
  contestants: readonly string[],
  columns: readonly Column[],
  routes: number,
  rounds: number,
): Promise<Row[]> {
  const [start, save] = columns.map((column) => [column]);
  const base = contestants[0] ?? "";
  const { folder, remove } = openTemporary();
  const apps = new Map<string, DevApp>();
  const running = new Map<string, DevServer>();
  try {
    for (const [at, name] of contestants.entries()) apps.set(name, writeDevApp(name, join(folder, String(at)), routes));
    const starts = await runRounds({
      contestants,
      columns: start ?? [],
      base,
      rounds: Math.min(rounds, STARTS),
      async measure(name) {
        const app = apps.get(name);
        if (!app) return undefined;
        await running.get(name)?.stop();
        const server = await startDev(name, app);
        running.set(name, server);
        return server.start;
      },
    });
    const saves = await runRounds({
      contestants,
      columns: save ?? [],
      base,
      rounds,
      measure: async (name, _, round) => running.get(name)?.edit(`edit ${round}`),
    });
    return starts.map(({ contestant, cells }, at) => ({ contestant, cells: [...cells, ...(saves[at]?.cells ?? [])] }));
  } finally {
    for (const server of running.values()) await server.stop();
    remove();
  }
}
