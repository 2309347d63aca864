/**
 * `npm run bench` measures all tables, `npm run bench -- dispatch http` those. `--rounds=3` and `--only=godwit,hono`
 * make it short; then nothing is written to `results/`.
 * @module
 */
import { spawnSync } from "node:child_process";
import { isInstalled } from "./frame/contestants.ts";
import type { TableOptions } from "./frame/options.ts";
import { printTable, type Table, writeResult } from "./frame/result.ts";

const TABLES: Record<string, () => Promise<{ measure(options?: TableOptions): Promise<Table> }>> = {
  dispatch: () => import("./tables/dispatch.ts"),
  http: () => import("./tables/http.ts"),
  "cold-start": () => import("./tables/cold-start.ts"),
  size: () => import("./tables/size.ts"),
  build: () => import("./tables/build.ts"),
  reload: () => import("./tables/reload.ts"),
  deploy: () => import("./tables/deploy.ts"),
  state: () => import("./tables/state.ts"),
  "state-size": () => import("./tables/state-size.ts"),
};

const words = process.argv.slice(2);
const read = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const names = words.filter((word) => !word.startsWith("--"));
const unknown = names.find((name) => !(name in TABLES));
if (unknown !== undefined) {
  console.error(`There is no table ${unknown}. Take some of ${Object.keys(TABLES).join(", ")}, or none for all.`);
  process.exit(2);
}

if (!isInstalled()) {
  // a lock file of their own: the workspace does not install the peers
  const { status } = spawnSync("npx", ["--yes", "pnpm@12.21.0", "install", "--frozen-lockfile"], {
    cwd: import.meta.dirname,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

const rounds = read("rounds");
const only = read("only")?.split(",");
const options: TableOptions = { ...(rounds && { rounds: Number(rounds) }), ...(only && { only }) };
for (const name of names.length > 0 ? names : Object.keys(TABLES)) {
  const loaded = await TABLES[name]?.();
  const table = await loaded?.measure(options);
  if (!table) continue;
  console.log(`\n## ${name}\n\n${printTable(table)}`);
  if (!rounds && !only) writeResult(table);
}
