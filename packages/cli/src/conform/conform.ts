/**
 * Replays a table of requests on several platforms and says where an answer is not as expected, or not alike.
 * @module
 */
import { join, resolve } from "node:path";
import { platforms } from "@godwit/adapters/registry";
import type { Capabilities } from "@godwit/bundler/contracts";
import type { Manifest } from "@godwit/core/manifest";
import { buildTarget, emulateTarget } from "../project/build-target.ts";
import { loadProject, type TargetName } from "../project/config.ts";
import { openTemporary } from "../project/interrupt.ts";
import { createLocalStores } from "../project/local-stores.ts";
import { checkAnswer, compareAnswers } from "./compare.ts";
import { exchange, type RawAnswer } from "./raw.ts";
import {
  type ConformNeed,
  type ConformRequest,
  type ConformRequestInput,
  nameOf,
  parseRequests,
  toRaw,
} from "./requests.ts";

/** One platform to ask: a target, with other settings or another front than the config's if you like. */
export interface ConformRun {
  target: TargetName;
  front?: string;
  /** Laid over the target's slice of the config. */
  config?: Record<string, unknown>;
}

export interface ConformOptions {
  /** The app's folder. Default `.`. */
  root?: string;
  requests: readonly ConformRequestInput[];
  /** The first is the one that the others are compared with. */
  runs: readonly ConformRun[];
  /** Default `test`. */
  stage?: string;
  env?: Record<string, string>;
}

/** What one request gave on one platform. */
export interface Outcome {
  run: string;
  request: string;
  /** Sentences; empty when all is well. */
  faults: string[];
  /** Why it was not sent, by the platform's declared capabilities. */
  skipped?: string;
}

/**
 * Builds the app for each run into a folder of its own, starts it, sends every request over a bare socket.
 *
 * @example
 * for await (const { run, request, faults } of conform({ requests, runs: [{ target: "node" }, { target: "lambda" }] }))
 *   assert.deepEqual(faults, [], `${request} on ${run}`);
 */
export async function* conform(options: ConformOptions): AsyncGenerator<Outcome> {
  const requests = parseRequests(options.requests, "requests");
  const references: (RawAnswer | undefined)[] = [];
  for (const run of options.runs) {
    const name = runName(run);
    for await (const { index, answer, faults, skipped } of replay(options, run, requests)) {
      const row = requests[index];
      if (!row) continue;
      const reference = references[index];
      if (answer && reference) faults.push(...compareAnswers(row, answer, reference));
      else if (answer) references[index] = answer;
      yield { run: name, request: nameOf(row), faults, ...(skipped !== undefined && { skipped }) };
    }
  }
}

/** `lambda`, `lambda:alb`, `vercel:{"runtime":"node"}`. */
export function runName({ target, front, config }: ConformRun): string {
  return [target, front, config && JSON.stringify(config)].filter(Boolean).join(":");
}

interface Replayed {
  index: number;
  answer?: RawAnswer;
  faults: string[];
  skipped?: string;
}

async function* replay(options: ConformOptions, run: ConformRun, requests: ConformRequest[]): AsyncGenerator<Replayed> {
  const { root = ".", stage = "test", env } = options;
  const project = await loadProject(resolve(root));
  const override = { ...(run.front !== undefined && { front: run.front }), ...run.config };
  const { folder: out, remove } = await openTemporary("conform");
  const stores = createLocalStores({ root: project.root, say: () => {} });
  try {
    const { artefact } = await buildTarget(project, run.target, { out, stage, override, report: false });
    const used = await variantsOf(run.target, artefact.manifest);
    // Each run begins with empty stores, as the emulators' own are.
    const local = await stores.values(project, run.target, stage, { given: env });
    const values = { ...(project.build.stores && { STORE_PATH: join(out, "stores") }), ...local, ...env };
    const emulator = await emulateTarget(project, run.target, artefact, { stage, front: run.front, env: values });
    try {
      for (const [index, row] of requests.entries()) {
        const skipped = whyNot(row, run, used);
        if (skipped !== undefined) {
          yield { index, faults: [], skipped };
          continue;
        }
        try {
          const answer = await exchange(emulator.url, toRaw(row));
          yield { index, answer, faults: checkAnswer(row, answer) };
        } catch (error) {
          yield { index, faults: [(error as Error).message] };
        }
      }
    } finally {
      await emulator.close();
    }
  } finally {
    await stores.close();
    remove();
  }
}

/** The variants in an artefact. */
async function variantsOf(name: TargetName, manifest: Manifest): Promise<Capabilities[]> {
  const { target } = await platforms[name].target();
  const names = new Set(manifest.functions.map((fn) => fn.variant));
  return [...names].flatMap((variant) => target.variants[variant] ?? []);
}

const HAS: Record<ConformNeed, (variant: Capabilities) => boolean> = {
  streaming: ({ streaming }) => streaming,
  clientAbort: ({ clientAbort }) => clientAbort,
  waitUntilAfter: ({ waitUntil }) => waitUntil === "after",
  dotSegments: ({ alters }) => !alters?.includes("dot-segments"),
  encodedPath: ({ alters }) => !alters?.includes("encoded-path"),
  rawQuery: ({ alters }) => !alters?.includes("query"),
  repeats: ({ alters }) => !alters?.includes("repeats"),
  rawText: ({ alters }) => !alters?.includes("text-bodies"),
};

/** Why a request is not one for these variants, by what they declare; undefined when it is. */
function whyNot(row: ConformRequest, { target, front }: ConformRun, used: readonly Capabilities[]): string | undefined {
  const lacks = row.needs.find((need) => !used.every(HAS[need]));
  if (lacks) return `${front ?? target} declares no ${lacks}`;
  const most = Math.min(...used.map(({ limits }) => limits.responseBytes ?? Number.POSITIVE_INFINITY));
  // In base64 at worst.
  if (((row.expect.bytes ?? 0) * 4) / 3 > most) return `${front ?? target} takes answers of ${most} bytes at most`;
  return undefined;
}
