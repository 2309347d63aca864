/**
 * Versions of functions in their real runtime: one run for each set of them that is reached together.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { unzipSync } from "fflate";
import type { Clock, RunArtefact, RunningArtefact, UploadedUnit } from "../../../contracts.ts";
import type { State } from "../../../rehearsal/state.ts";
import type { CloudData, Configuration } from "./cloud.ts";

/** A version that a request goes to. */
export interface Called {
  name: string;
  version: string;
  configuration: Configuration;
}

export interface RunRequest {
  stage: string;
  variant: string;
  all: readonly Called[];
  /** Route -> function's name. */
  routes: Record<string, string>;
}

export interface Runs {
  start(request: RunRequest): Promise<RunningArtefact>;
  /** For what went wrong in this machine's own work. */
  report(line: string): void;
  close(): Promise<void>;
}

/** Runs at a time: the one that was used longest ago ends first. */
const MOST = 6;
/** Log lines of a group that are kept. */
const LINES = 1000;

/** `keysOf`: what Lambda sets in a function's environment by itself. */
export function createRuns(
  state: State<CloudData>,
  run: RunArtefact,
  clock: Clock,
  keysOf: (configuration: Configuration) => Record<string, string>,
): Runs {
  const runs = new Map<string, Promise<RunningArtefact>>();

  async function begin({ stage, variant, all, routes }: RunRequest): Promise<RunningArtefact> {
    const units = await Promise.all(all.map((one) => toUnit(state, one, stage, keysOf(one.configuration))));
    const table = Object.entries(routes).map(([match, fn]) => ({ match, function: fn }));
    const running = await run({ target: "lambda", variant, units, routes: table });
    void collect(running, all);
    return running;
  }

  async function collect({ logs }: RunningArtefact, all: readonly Called[]): Promise<void> {
    const streams = new Map(all.map((one) => [one.name, streamOf(one, clock)]));
    for await (const line of logs) {
      const { configuration } = all.find(({ name }) => name === line.function) ?? {};
      const { LogGroup = "" } = (configuration?.LoggingConfig ?? {}) as { LogGroup?: string }; // as lambda.ts sets it
      const group = state.data.logGroups[LogGroup];
      if (!group) continue;
      const id = randomBytes(14).toString("hex");
      group.events.push({ id, at: clock.now(), stream: streams.get(line.function) ?? "", text: line.text });
      group.events.splice(0, group.events.length - LINES);
    }
  }

  return {
    async start(request) {
      const { stage, variant, all, routes } = request;
      const names = all.map(({ name, version }) => `${name}:${version}`).sort();
      const key = createHash("sha256")
        .update(JSON.stringify([stage, variant, names, routes]))
        .digest("hex");
      const known = runs.get(key) ?? begin(request);
      runs.delete(key);
      runs.set(key, known);
      known.catch(() => runs.delete(key));
      for (const [old, one] of [...runs].slice(0, Math.max(0, runs.size - MOST))) {
        runs.delete(old);
        void one.then((running) => running.close()).catch(() => {});
      }
      return known;
    },
    report(line) {
      process.stderr.write(`rehearsal: ${line}\n`);
    },
    async close() {
      const all = [...runs.values()];
      runs.clear();
      await Promise.all(all.map((one) => one.then((running) => running.close()).catch(() => {})));
    },
  };
}

/** `2026/11/21/name[3]8f2c...` */
function streamOf({ name, version }: Called, clock: Clock): string {
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/${name}[${version}]${randomBytes(16).toString("hex")}`;
}

async function toUnit(
  state: State<CloudData>,
  { name, configuration }: Called,
  stage: string,
  keys: Record<string, string>,
): Promise<UploadedUnit> {
  const { CodeSha256, Handler, MemorySize, Timeout, Runtime } = configuration;
  const zip = await state.blob(Buffer.from(String(CodeSha256), "base64").toString("hex"));
  const files = zip ? unzipSync(zip) : {};
  const [file = "index"] = String(Handler).split(".");
  const entry = ["mjs", "js", "cjs"].map((end) => `${file}.${end}`).find((path) => path in files) ?? `${file}.mjs`;
  const environment = (configuration.Environment ?? {}) as { Variables?: Record<string, string> }; // by the API
  return {
    name,
    files,
    entry,
    env: { ...keys, ...environment.Variables },
    memory: Number(MemorySize),
    timeout: Number(Timeout) * 1000,
    settings: { stage, runtime: Runtime },
  };
}
