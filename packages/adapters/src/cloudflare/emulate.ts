/**
 * The local half of Cloudflare: the built Workers in workerd, with the bindings that the config declares, kept in
 * memory or in a folder. `request.cf` is not there: nobody knows where a loopback client is.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artefact, EmulateOptions, Emulator, Tools } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { parseManifest } from "@godwit/core/manifest";
import { fetchFrom } from "../_emulate/client.ts";
import {
  artefactInvalid,
  startFailed,
  toolMissing,
  triggerFailed,
  unknownFunction,
  unknownTrigger,
} from "../_emulate/errors.ts";
import { listenAt } from "../_emulate/listen.ts";
import { Logs } from "../_emulate/logs.ts";
import { believeClient } from "../_emulate/raw.ts";
import { createStacks } from "../_emulate/stacks.ts";
import { createEdge } from "./_emulate/edge.ts";
import { toLevel, toMessage } from "./_emulate/logs.ts";
import { measureWorker } from "./_emulate/measure.ts";
import {
  type EmulatedWorker,
  type Miniflare,
  type MiniflareModule,
  readWorkers,
  type WorkerOptions,
} from "./_emulate/workers.ts";
import { toCron } from "./cron.ts";
import { EVAL_BINDING } from "./dev.ts";

export const tools: Record<string, string> = {
  miniflare: "it runs workerd, the runtime of Cloudflare Workers, on this machine",
};

export const fronts: readonly string[] = [];

export const keepsState = true;

/** How long a reload waits for requests on their way; what takes longer is cut, as a deploy would not. */
const DRAIN = 2000;

/**
 * Rejects with `EMULATOR_TOOL_MISSING`, `EMULATOR_ARTEFACT_INVALID`, `CLOUDFLARE_DATE_UNKNOWN`,
 * `EMULATOR_START_FAILED` or what `listenAt` says of a port.
 */
export async function emulate(built: Artefact, found: Tools, options: EmulateOptions = {}): Promise<Emulator> {
  const { host = "127.0.0.1", port = 0, env = {}, dev = false, inspect, secure = false, state, objects } = options;
  const miniflare = (await found.miniflare?.load()) as MiniflareModule | undefined; // the tool that `tools` names
  if (!miniflare) throw toolMissing("miniflare");
  const { Miniflare: Runtime, Response: Answer } = miniflare;

  let artefact = built;
  const logs = new Logs();
  let stacks = createStacks(artefact.root);
  let workers = readWorkers(artefact, env, Answer);
  let functionOf = createAttribution(artefact);

  const toOptions = (): object => ({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    ...(state !== undefined && { defaultPersistRoot: state }),
    ...(objects !== undefined && { durableObjectsPersist: objects }),
    // A quiet runtime: its lines go to `logs` alone.
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      const text = toMessage(message);
      logs.push({ function: functionOf(text, stacks.fileIn(text)), level: toLevel(level), text: stacks.map(text) });
    },
    handleRuntimeStdio: () => {},
    ...(inspect !== undefined && { inspectorPort: inspect, inspectorHost: "127.0.0.1" }),
    workers: [...workers]
      .sort((a, b) => Number(b.front) - Number(a.front))
      .map(({ options }) => ({
        ...options,
        ...(dev && { unsafeEvalBinding: EVAL_BINDING }),
        ...(secure && absolute(options)),
      })),
  });

  const edge = createEdge(secure);
  believeClient(edge.server, options.clientHeader);
  const url = await listenAt(edge.server, port, host);

  let runtime: Miniflare | undefined;
  /** Starts a runtime, or gives the running one the new options, and lets requests through to it. */
  async function run(): Promise<void> {
    const before = logs.count;
    try {
      if (runtime) await runtime.setOptions(toOptions());
      else runtime = new Runtime(toOptions());
      await runtime.ready;
      edge.resume(await runtime.unsafeGetDirectURL(frontOf(workers).script));
    } catch (cause) {
      // A failed runtime that is not disposed of would keep this process alive.
      await runtime?.dispose().catch(() => {});
      runtime = undefined;
      throw toStartError(cause, stacks.map(logs.textAfter(before)));
    }
  }
  try {
    await run();
  } catch (error) {
    edge.close();
    logs.close();
    throw error;
  }

  return {
    url,
    logs,
    fetch: (request) => fetchFrom(url, request),
    async reload() {
      const { root } = artefact;
      artefact = { root, manifest: parseManifest(readFileSync(join(root, "manifest.json"), "utf8")) };
      workers = readWorkers(artefact, env, Answer);
      stacks = createStacks(root);
      functionOf = createAttribution(artefact);
      await edge.pause(DRAIN);
      await run();
    },
    async trigger(kind, data) {
      const { pattern } = Object(data);
      const { triggers } = artefact.manifest;
      const known = triggers.find((trigger) => trigger.kind === kind && trigger.pattern === pattern);
      if (!known)
        throw unknownTrigger(
          kind,
          pattern,
          triggers.map((trigger) => trigger.pattern),
        );
      if (!runtime) throw new GodwitError("CLOUDFLARE_NOT_RUNNING", "The last reload failed. Mend the build first.");
      const worker = await runtime.getWorker(frontOf(workers).script);
      const { outcome } = await worker.scheduled({ cron: toCron(known.schedule), scheduledTime: new Date() });
      if (outcome !== "ok") {
        throw triggerFailed(kind, pattern, `workerd says "${outcome}"`);
      }
    },
    measure: (id) => {
      const worker = workers.find((each) => each.id === id);
      const plan = artefact.manifest.functions.find((fn) => fn.id === id);
      if (worker && plan) return measureWorker(Runtime, worker, workers, plan.routes[0]?.pattern);
      throw unknownFunction(id);
    },
    async close() {
      edge.close();
      await runtime?.dispose();
      logs.close();
    },
  };
}

/** Its socket takes whole URLs, so that the scheme can be told. */
function absolute({ unsafeDirectSockets: sockets }: WorkerOptions): object {
  return Array.isArray(sockets) ? { unsafeDirectSockets: sockets.map((one) => ({ ...one, proxy: true })) } : {};
}

function frontOf(workers: readonly EmulatedWorker[]): EmulatedWorker {
  const front = workers.find((worker) => worker.front);
  if (front) return front;
  throw artefactInvalid("An artefact without a Worker");
}

function toStartError(cause: unknown, lines: string): GodwitError {
  // workerd's own lines say it best; miniflare repeats them as JSON.
  const text = (lines || (cause instanceof Error ? cause.message : String(cause))).trim();
  if (/is in the future and unsupported/i.test(text)) {
    return new GodwitError(
      "CLOUDFLARE_DATE_UNKNOWN",
      `The compatibility date is newer than the installed workerd. Set an older compatibilityDate, or update miniflare.\n${text}`,
      { cause },
    );
  }
  return startFailed("The Workers", `workerd says:\n${text}`, cause);
}

/** Whose line it is: by the file in its stack, by the route that core's logger writes, else the Worker in front. */
function createAttribution({ manifest }: Artefact): (text: string, file: string | undefined) => string {
  const byFile = new Map(manifest.functions.flatMap(({ id, files }) => files.map(({ path }) => [path, id] as const)));
  const byRoute = new Map(
    manifest.functions.flatMap(({ id, routes }) => routes.map(({ pattern }) => [pattern, id] as const)),
  );
  const front = manifest.front.routes[0]?.function ?? manifest.functions[0]?.id ?? "";
  return (text, file) => {
    const route = /^\{.*"route":"([^"]*)"/.exec(text)?.[1];
    return (file && byFile.get(file)) ?? (route && byRoute.get(route)) ?? front;
  };
}
