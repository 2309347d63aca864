/**
 * Deploys against a vendor's control plane on this machine, which answers at once: what is left is the client's own
 * time. A Worker by `wrangler deploy`, by `godwit deploy --no-build`, and by the engine alone; and 100 Lambda functions
 * by the engine, with the number of API calls. Nothing that was uploaded is run, and no release is verified, since
 * wrangler verifies none.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { platforms } from "../../packages/adapters/src/registry.gen.ts";
import { build } from "../../packages/bundler/src/index.ts";
import {
  type BuiltArtefact,
  type ControlPlane,
  deploy,
  deployers,
  plan,
  type RunArtefact,
  systemClock,
} from "../../packages/deploy/src/index.ts";
import { openTemporary } from "../frame/contestants.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import type { Table } from "../frame/result.ts";
import { type Column, runRounds } from "../frame/rounds.ts";

const BASE = "wrangler";
const ENGINE = "godwit's engine";
const COLUMNS: Column[] = [
  { name: "Worker, first", relation: "value", unit: "ms" },
  { name: "Worker, changed", relation: "value", unit: "ms" },
  { name: "Worker, unchanged", relation: "value", unit: "ms" },
  { name: "100 Lambdas, first", relation: "value", unit: "ms" },
  { name: "calls", relation: "value", unit: "calls" },
  { name: "100 Lambdas, unchanged", relation: "value", unit: "ms" },
  { name: "calls of that", relation: "value", unit: "calls" },
  { name: "calls of a plan", relation: "value", unit: "calls" },
];

type Figures = Record<string, number>;

export async function measure(options: TableOptions = {}): Promise<Table> {
  const { rounds = 7 } = options;
  const { folder, remove } = openTemporary();
  try {
    const worker = {
      one: await buildApp(folder, "cloudflare", 1, "one"),
      two: await buildApp(folder, "cloudflare", 1, "two"),
    };
    const lambdas = await buildApp(folder, "lambda", 100, "one");
    const known = new Map<string, Promise<Figures>>();
    const once = (contestant: string, round: number): Promise<Figures> => {
      const key = `${contestant} ${round}`;
      const found = known.get(key) ?? shipAll(contestant, { folder, worker, lambdas });
      known.set(key, found);
      return found;
    };
    const rows = await runRounds({
      contestants: choose([BASE, "godwit", ENGINE], options),
      columns: COLUMNS,
      base: BASE,
      rounds,
      measure: async (contestant, column, round) => (await once(contestant, round))[column],
    });
    const about =
      "Deploys of a built app to a control plane on loopback that answers at once: wall time of the command, or of the engine in a process that has started; without verification.";
    return { name: "deploy", about, base: BASE, rounds, columns: COLUMNS, rows };
  } finally {
    remove();
  }
}

interface Apps {
  folder: string;
  worker: { one: BuiltArtefact; two: BuiltArtefact };
  lambdas: BuiltArtefact;
}

async function shipAll(contestant: string, { folder, worker, lambdas }: Apps): Promise<Figures> {
  const figures: Figures = {};
  const plane = await start("cloudflare", folder);
  const ship = contestant === BASE ? wrangler : contestant === ENGINE ? engine : godwit;
  try {
    figures["Worker, first"] = await time(() => ship(plane, worker.one));
    figures["Worker, changed"] = await time(() => ship(plane, worker.two));
    figures["Worker, unchanged"] = await time(() => ship(plane, worker.two));
  } finally {
    await plane.close();
  }
  if (contestant !== ENGINE) return figures;
  const aws = await start("aws", folder);
  try {
    let before = aws.calls.length;
    const count = () => {
      const made = aws.calls.length - before;
      before = aws.calls.length;
      return made;
    };
    figures["100 Lambdas, first"] = await time(() => engine(aws, lambdas));
    figures.calls = count();
    figures["100 Lambdas, unchanged"] = await time(() => engine(aws, lambdas));
    figures["calls of that"] = count();
    const { deployer, input } = await open(aws, lambdas);
    await plan(deployer, input);
    figures["calls of a plan"] = count();
  } finally {
    await aws.close();
  }
  return figures;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function buildApp(
  folder: string,
  target: "cloudflare" | "lambda",
  routes: number,
  word: string,
): Promise<BuiltArtefact> {
  const root = join(folder, `${target}-${word}`);
  mkdirSync(join(root, "routes"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "name": "bench-deploy", "type": "module" }\n');
  for (let at = 0; at < routes; at++) {
    writeFileSync(join(root, `routes/r${at}.ts`), `export const GET = () => new Response("${word} ${at}");\n`);
  }
  const { target: half } = await platforms[target].target();
  const slice = await half.config["~standard"].validate({});
  if (slice.issues) throw new Error("the target's own defaults are valid");
  const adaptersFrom = new URL("../../packages/cli/src/index.ts", import.meta.url).href;
  const made = await build({
    root,
    app: "bench-deploy",
    target: half,
    targetConfig: slice.value,
    config: {},
    adaptersFrom,
  });
  return made.artefact;
}

/** Stands for what was uploaded. */
const run: RunArtefact = async () => {
  const server = createServer((_req, res) => res.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    fetch: (request) => fetch(request),
    startup: async () => 1,
    logs: (async function* () {})(),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
};

async function load(vendor: string) {
  const found = await deployers[vendor]?.();
  if (!found) throw new Error(`no vendor ${vendor}`);
  return found;
}

async function start(vendor: string, folder: string): Promise<ControlPlane> {
  const plane = await (await load(vendor)).rehearse?.({ folder: mkdtempSync(join(folder, "plane-")), run });
  if (!plane) throw new Error(`${vendor} has no rehearsal`);
  return plane;
}

async function open(plane: ControlPlane, artefact: BuiltArtefact) {
  const vendor = await load(artefact.manifest.deployer);
  const input = {
    app: "bench-deploy",
    stage: "production",
    artefact,
    settings: vendor.parseSettings({}),
    vars: {},
    secrets: {},
    env: plane.env,
    clock: systemClock,
    signal: new AbortController().signal,
    warn: () => {},
  };
  return { deployer: await vendor.open(input), input };
}

async function engine(plane: ControlPlane, artefact: BuiltArtefact): Promise<void> {
  const { deployer, input } = await open(plane, artefact);
  const confirm = async () => ({ go: true, remove: false });
  await deploy({ deployer, input, requests: [], confirm, onEvent: () => {} });
  await deployer.close();
}

async function godwit(plane: ControlPlane, { root }: BuiltArtefact): Promise<void> {
  const bin = new URL("../../packages/cli/src/bin.ts", import.meta.url).pathname;
  const words = ["deploy", "--target", "cloudflare", "--no-build", "--no-verify", "--yes"];
  const env = { ...process.env, ...plane.env };
  await promisify(execFile)(process.execPath, [bin, ...words], { cwd: dirname(dirname(root)), env });
}

async function wrangler(plane: ControlPlane, { root }: BuiltArtefact): Promise<void> {
  const require = createRequire(new URL("../../test/package.json", import.meta.url));
  const bin = join(dirname(require.resolve("wrangler/package.json")), "bin/wrangler.js");
  const [worker] = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const env = { ...process.env, ...plane.env, CI: "1", WRANGLER_SEND_METRICS: "false" };
  await promisify(execFile)(process.execPath, [bin, "deploy"], { cwd: join(root, worker?.name ?? ""), env });
}
