/**
 * What is deployed for a hello and for an app with a token, zod and a rate limit: minified, and gzipped at level 9.
 * @module
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type App, findContestants, openTemporary, prepareBundle } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

const HOSTS = { Workers: "worker", Lambda: "lambda" } as const;

export async function measure(options: TableOptions = {}): Promise<Table> {
  const contestants = choose([...new Set(findContestants("hello", "worker"))], options);
  const kinds = (["hello", "full"] as const).flatMap((app: App) =>
    Object.entries(HOSTS).map(([name, host]) => ({ name: `${app} ${name}`, app, host })),
  );
  const columns = kinds.flatMap(({ name }): Column[] => [
    { name, relation: "value", unit: "KB" },
    { name: `${name} gzip`, relation: "value", unit: "KB" },
  ]);
  const { folder, remove } = openTemporary();
  try {
    const known = new Map<string, { plain: number; gzip: number }>();
    for (const contestant of contestants) {
      for (const { name, app, host } of kinds) {
        if (!findContestants(app, host).includes(contestant)) continue;
        const files = (await prepareBundle(contestant, app, host, folder)).map((file) => readFileSync(file));
        const plain = files.reduce((sum, file) => sum + file.length, 0);
        const gzip = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
        known.set(`${contestant} ${name}`, { plain: plain / 1024, gzip: gzip / 1024 });
      }
    }
    const rows = await runRounds({
      contestants,
      columns,
      base: "hand-written",
      rounds: 1,
      async measure(contestant, column) {
        const [, name, gzip] = /^(.*?)( gzip)?$/.exec(column) ?? [];
        return known.get(`${contestant} ${name}`)?.[gzip ? "gzip" : "plain"];
      },
    });
    const about = "Bundle size: hello, and a token with zod and a rate limit; one function with all its chunks.";
    return { name: "size", about, base: "hand-written", rounds: 1, columns, rows };
  } finally {
    remove();
  }
}
