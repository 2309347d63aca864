/**
 * `godwit dev`: from saving a route to its new answer, and from the command to the first answer, at 100 routes with zod.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openTemporary } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import { freePort } from "../frame/port.ts";
import type { Table } from "../frame/result.ts";
import { runRounds } from "../frame/rounds.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const TARGETS: Record<string, string> = { "godwit on Node": "node", "godwit in workerd": "cloudflare" };

interface Dev {
  start: number;
  edit(text: string): Promise<number>;
  stop(): Promise<void>;
}

export async function measure(options: TableOptions & { routes?: number } = {}): Promise<Table> {
  const { rounds = 30, routes = 100 } = options;
  const contestants = choose(Object.keys(TARGETS), options);
  const { folder, remove } = openTemporary();
  const running = new Map<string, Dev>();
  try {
    for (const name of contestants) running.set(name, await startDev(join(folder, TARGETS[name] ?? ""), name, routes));
    const rows = await runRounds({
      contestants,
      columns: [
        { name: "save to answer", relation: "value", unit: "ms" },
        { name: "start", relation: "value", unit: "ms" },
      ],
      base: contestants[0] ?? "",
      rounds,
      async measure(name, column, round) {
        const dev = running.get(name);
        return column === "start" ? dev?.start : dev?.edit(`edit ${round}`);
      },
    });
    const about = `The dev server with ${routes} routes and zod: a route is saved, and asked until it answers with the change.`;
    const columns = [
      { name: "save to answer", relation: "value", unit: "ms" },
      { name: "start", relation: "value", unit: "ms" },
    ] as const;
    return { name: "reload", about, base: contestants[0] ?? "", rounds, columns, rows };
  } finally {
    for (const dev of running.values()) await dev.stop();
    remove();
  }
}

async function startDev(root: string, name: string, routes: number): Promise<Dev> {
  writeApp(root, routes);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/r0`;
  const bin = join(repository, "packages/cli/src/bin.ts");
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    [bin, "dev", "--root", root, "--port", String(port), "--target", TARGETS[name] ?? ""],
    { stdio: ["ignore", "pipe", "pipe"], cwd: root },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(timer);
  };
  const until = async (text: string, from: number): Promise<number> => {
    for (;;) {
      const answer = await fetch(url).then(
        (response) => response.text(),
        () => undefined,
      );
      if (answer === text) return performance.now() - from;
      if (child.exitCode !== null || performance.now() - from > 20_000) {
        await stop();
        throw new Error(`${name} never answered ${JSON.stringify(text)}, but ${JSON.stringify(answer)}:\n${output}`);
      }
      await sleep(2);
    }
  };
  const start = await until("first", begin);
  return {
    start,
    stop,
    async edit(text) {
      await sleep(150); // people do not save while the last save is still read
      const from = performance.now();
      writeFileSync(join(root, "routes/r0.ts"), toRoute(0, text));
      return until(text, from);
    },
  };
}

function writeApp(root: string, routes: number): void {
  mkdirSync(join(root, "routes"), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  // zod is the adapters' own; where it is linked from does not matter
  symlinkSync(join(repository, "packages/adapters/node_modules/zod"), join(root, "node_modules/zod"));
  const { version } = JSON.parse(readFileSync(join(repository, "packages/core/package.json"), "utf8"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "reload", version, type: "module" }));
  for (let at = 0; at < routes; at++) writeFileSync(join(root, `routes/r${at}.ts`), toRoute(at, "first"));
}

const toRoute = (at: number, text: string): string => `import * as z from "zod";
const schema = z.object({ id: z.string(), n: z.number().min(${at}) });
export const POST = async (request: Request) => Response.json(schema.parse(await request.json()));
export const GET = () => new Response(${JSON.stringify(text)});
`;
