/**
 * In-process dispatch: `app.fetch(new Request(...))` of a table of 34 routes.
 * @module
 */
import { type Child, startChild } from "../frame/child.ts";
import { findContestants, openTemporary, prepareFetch } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import { TABLE } from "../frame/requests.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

const BASE = "hand-written";

const SKIPPED = { elysia: "its 404 is a clone of a clone, and overflows the stack where nobody reads the bodies" };

/** CPU milliseconds of one figure. */
const CPU = 120;

export async function measure(options: TableOptions & { cpu?: number } = {}): Promise<Table> {
  const { rounds = 7, cpu = CPU } = options;
  const contestants = choose(findContestants("table", "worker"), options).filter((name) => !(name in SKIPPED));
  const columns = Object.keys(TABLE).map((name): Column => ({ name, relation: "ratio", unit: "calls a CPU second" }));
  const children = new Map<string, Child>();
  const { folder, remove } = openTemporary();
  try {
    const file = new URL("../frame/dispatch.child.js", import.meta.url).pathname;
    for (const name of contestants) {
      children.set(name, startChild(file, { args: [await prepareFetch(name, "table", folder)] }));
    }
    const ask = async (name: string, column: string, milliseconds: number) => {
      const nanoseconds = await children.get(name)?.ask<number>({ request: TABLE[column], cpu: milliseconds });
      return nanoseconds === undefined ? undefined : 1e9 / nanoseconds;
    };
    for (const name of contestants) for (const column of Object.keys(TABLE)) await ask(name, column, cpu * 2);
    const rows = await runRounds({
      contestants,
      columns,
      base: BASE,
      rounds,
      mean: true,
      measure: (name, column) => ask(name, column, cpu),
    });
    return {
      name: "dispatch",
      about: "In-process dispatch, `app.fetch(new Request(url))` with Node's own classes: calls a second of CPU.",
      base: BASE,
      rounds,
      columns: [...columns, { name: "geomean", relation: "ratio", unit: "" }],
      rows,
      skipped: SKIPPED,
    };
  } finally {
    for (const child of children.values()) await child.stop();
    remove();
  }
}
