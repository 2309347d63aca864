/**
 * Builds of 1, 100 and 1,000 routes that share a library of 50 files and zod, for Lambda with zips, beside esbuild's own
 * splitting pass over the same files, which makes no functions of them.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openTemporary } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, type Row, runRounds } from "../frame/rounds.ts";

const BASE = "esbuild";

interface Figures {
  wall: number;
  cpu: number;
  memory: number;
}

export async function measure(options: TableOptions & { counts?: readonly number[] } = {}): Promise<Table> {
  const { rounds = 5, counts = [1, 100, 1000] } = options;
  const columns = counts.flatMap((count): Column[] => [
    { name: `${count} wall`, relation: "ratio", unit: "ms" },
    { name: `${count} CPU`, relation: "ratio", unit: "ms" },
    { name: `${count} memory`, relation: "value", unit: "MB" },
  ]);
  const known = new Map<string, Figures>();
  const { folder, remove } = openTemporary();
  let rows: Row[];
  try {
    rows = await runRounds({
      contestants: choose([BASE, "godwit"], options),
      columns,
      base: BASE,
      rounds,
      async measure(contestant, column) {
        const [count = "", what] = column.split(" ") as [string, "wall" | "CPU" | "memory"]; // written above
        const key = `${contestant} ${count}`;
        // the three figures are of one build
        if (what === "wall") known.set(key, await runOnce(contestant, count, folder));
        const figures = known.get(key);
        return what === "CPU" ? figures?.cpu : figures?.[what];
      },
    });
  } finally {
    remove();
  }
  const about =
    "Builds of N routes, each with zod and a library of 50 files, to N Lambda functions with zips; memory is the peak of Node's process and esbuild's together.";
  return { name: "build", about, base: BASE, rounds, columns, rows };
}

async function runOnce(contestant: string, count: string, folder: string): Promise<Figures> {
  const script = new URL("../build-routes.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, count, contestant, folder]);
  const { splitting, ours, megabytes } = JSON.parse(stdout);
  const { wall, cpu } = splitting ?? ours;
  return { wall, cpu, memory: megabytes.all };
}
