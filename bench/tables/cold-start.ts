/**
 * Cold start on Lambda: built bundles under AWS's own runtime client, to the end of the first answer.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type EnvironmentSpec, startEnvironment } from "../../packages/adapters/src/lambda/_emulate/environment.ts";
import { createGuard } from "../../packages/adapters/src/lambda/_emulate/guard.ts";
import { PRELOAD } from "../../packages/adapters/src/lambda/_emulate/preload.ts";
import { type App, findContestants, openTemporary, prepareBundle } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import { fullRequest, TABLE, toEvent } from "../frame/requests.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

/** A handler that does nothing: what Node and the runtime client take for themselves. */
const BASE = "empty handler";

export async function measure(options: TableOptions = {}): Promise<Table> {
  const { rounds = 25 } = options;
  const contestants = choose(findContestants("hello", "lambda"), options);
  const { folder, remove } = openTemporary();
  const guard = createGuard(folder);
  try {
    const preload = join(folder, "preload.cjs");
    writeFileSync(preload, PRELOAD);
    const from = createRequire(new URL("../../packages/adapters/package.json", import.meta.url));
    const runtimeClient = join(dirname(from.resolve("aws-lambda-ric")), "index.mjs");
    const toSpec = (id: string, entry: string): EnvironmentSpec => {
      return { id, entry, memory: 512, timeout: 20_000, env: {}, runtimeClient, preload };
    };
    const empty = join(folder, "empty", "index.mjs");
    mkdirSync(dirname(empty));
    writeFileSync(empty, "export const handler = async () => ({ statusCode: 204 });\n");
    const specs = new Map<string, EnvironmentSpec>();
    for (const app of ["hello", "full"] as const) {
      specs.set(`${BASE} ${app}`, toSpec("empty", empty));
      for (const name of choose(findContestants(app, "lambda"), options)) {
        const [entry = ""] = await prepareBundle(name, app, "lambda", folder);
        specs.set(`${name} ${app}`, toSpec(name, entry));
      }
    }
    const columns: Column[] = ["hello", "full"].flatMap((app) => [
      { name: `${app} CPU`, relation: "over", unit: "ms" },
      { name: `${app} wall`, relation: "over", unit: "ms" },
    ]);
    const walls = new Map<string, number>();
    const rows = await runRounds({
      contestants: [BASE, ...contestants],
      columns,
      base: BASE,
      rounds,
      async measure(name, column) {
        const [app = "hello", what] = column.split(" ") as [App, string]; // written above
        const spec = specs.get(`${name} ${app}`);
        // both figures are of one start
        if (what === "wall") return walls.get(`${name} ${app}`);
        if (!spec) return undefined;
        const status = name === BASE ? 204 : 200;
        const event = toEvent(app === "hello" ? (TABLE.root ?? fullRequest()) : fullRequest());
        const { cpu, wall } = await runOnce(spec, Buffer.from(JSON.stringify(event)), guard, status);
        walls.set(`${name} ${app}`, wall);
        return cpu;
      },
    });
    const about = "Cold start of built Lambda functions under AWS's runtime client, from spawn to the first answer.";
    return { name: "cold-start", about, base: BASE, rounds, columns, rows };
  } finally {
    await guard.close();
    remove();
  }
}

/** Milliseconds of CPU and of wall time until the function asks for its second event. */
async function runOnce(
  spec: EnvironmentSpec,
  payload: Buffer,
  guard: ReturnType<typeof createGuard>,
  status: number,
): Promise<{ cpu: number; wall: number }> {
  const begin = performance.now();
  let settle = Promise.withResolvers<void>();
  const environment = await startEnvironment(spec, guard, {
    idle: () => settle.resolve(),
    gone: (_, failure) => settle.reject(new Error(`${spec.entry}: ${failure?.message ?? "ended"}`)),
    log: () => {},
  });
  try {
    await settle.promise;
    settle = Promise.withResolvers<void>();
    const outcome = await environment.invoke(payload, "Root=1-00000000-000000000000000000000000");
    const wall = performance.now() - begin;
    await settle.promise;
    const answer = outcome.kind === "result" ? JSON.parse(String(outcome.json)) : undefined;
    if (answer?.statusCode !== status) throw new Error(`${spec.entry} answered ${JSON.stringify(answer ?? outcome)}`);
    return { cpu: (environment.cpu[1] ?? 0) / 1000, wall };
  } finally {
    settle.promise.catch(() => {});
    await environment.stop();
  }
}
