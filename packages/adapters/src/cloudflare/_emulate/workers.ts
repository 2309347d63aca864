/**
 * From an artefact to miniflare's options: every Worker with its modules and the bindings of its `wrangler.json`.
 * @module
 */
import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Artefact } from "@godwit/bundler/contracts";
import { artefactInvalid } from "../../_emulate/errors.ts";
import type { WranglerConfig } from "../wrangler.ts";

/** The part of miniflare 4 that is used. */
export interface Miniflare {
  ready: Promise<URL>;
  setOptions(options: object): Promise<void>;
  unsafeGetDirectURL(worker: string): Promise<URL>;
  getInspectorURL(): Promise<URL>;
  getWorker(
    worker: string,
  ): Promise<{ scheduled(controller: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }> }>;
  dispatchFetch(url: string): Promise<{ status: number; text(): Promise<string> }>;
  dispose(): Promise<void>;
}

export interface MiniflareModule {
  Miniflare: new (options: object) => Miniflare;
  Response: new (body: string, init: { status: number }) => object;
}

export interface WorkerOptions {
  name: string;
  modulesRoot: string;
  modules: { type: string; path: string; contents: string | Uint8Array }[];
  [option: string]: unknown;
}

export interface EmulatedWorker {
  /** The function's id. */
  id: string;
  /** The Worker's name, as bindings and miniflare call it. */
  script: string;
  /** The one that the world reaches. */
  front: boolean;
  options: WorkerOptions;
}

const TYPES: Record<string, string> = {
  ".js": "ESModule",
  ".mjs": "ESModule",
  ".wasm": "CompiledWasm",
  ".txt": "Text",
  ".bin": "Data",
};

/** Throws `EMULATOR_ARTEFACT_INVALID` when a file of the artefact is missing or broken. */
export function readWorkers(
  { root, manifest }: Artefact,
  env: Record<string, string>,
  Answer: MiniflareModule["Response"],
): EmulatedWorker[] {
  try {
    const frontId = manifest.front.routes[0]?.function ?? manifest.functions[0]?.id;
    const configs = manifest.functions.map(({ entry }) => readConfig(join(root, dirname(entry), "wrangler.json")));
    const known = new Set(configs.map(({ name }) => name));
    return manifest.functions.map(({ id, entry, files }, index) => {
      const config = configs[index] ?? readConfig(join(root, dirname(entry), "wrangler.json"));
      // The entry first: the first module is the one that workerd starts.
      const paths = [entry, ...files.map(({ path }) => path).filter((path) => path !== entry)];
      const modules = paths.flatMap((path) => {
        const type = TYPES[extname(path)];
        const file = join(root, path);
        if (!type) return [];
        const text = type === "ESModule" || type === "Text";
        return [{ type, path: file, contents: text ? readFileSync(file, "utf8") : readFileSync(file) }];
      });
      const front = id === frontId;
      const options: WorkerOptions = {
        name: config.name,
        modulesRoot: root,
        modules,
        compatibilityDate: config.compatibility_date,
        compatibilityFlags: config.compatibility_flags,
        ...toBindings(config, env, known, Answer),
        durableObjects: toObjects(config, configs),
        ...(config.assets && {
          assets: {
            directory: join(root, dirname(entry), config.assets.directory),
            routerConfig: { has_user_worker: true },
            assetConfig: {
              html_handling: config.assets.html_handling,
              not_found_handling: config.assets.not_found_handling,
            },
          },
        }),
        ...(front && { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] }),
      };
      return { id, script: config.name, front, options };
    });
  } catch (cause) {
    throw artefactInvalid("The artefact", cause);
  }
}

function readConfig(path: string): WranglerConfig {
  return JSON.parse(readFileSync(path, "utf8")) as WranglerConfig; // the build wrote it
}

/** Those of Workers that are on this machine. What they keep is the script's and the class's, whatever the code is. */
function toObjects(
  { name, durable_objects }: WranglerConfig,
  all: readonly WranglerConfig[],
): Record<string, { className: string; scriptName: string; useSQLite: boolean }> {
  const rows = (durable_objects?.bindings ?? []).flatMap(({ name: binding, class_name: className, script_name }) => {
    const scriptName = script_name ?? name;
    const owner = all.find((config) => config.name === scriptName);
    if (!owner) return [];
    const useSQLite = owner.migrations?.some((step) => step.new_sqlite_classes?.includes(className)) ?? false;
    return [[binding, { className, scriptName, useSQLite }] as const];
  });
  return Object.fromEntries(rows);
}

function toBindings(
  config: WranglerConfig,
  env: Record<string, string>,
  known: ReadonlySet<string>,
  Answer: MiniflareModule["Response"],
): Record<string, unknown> {
  const { kv_namespaces = [], r2_buckets = [], d1_databases = [], queues, services = [], ratelimits = [] } = config;
  const table = <T>(rows: readonly T[], toEntry: (row: T) => [string, unknown]) =>
    Object.fromEntries(rows.map(toEntry));
  return {
    bindings: { ...config.vars, ...env },
    kvNamespaces: table(kv_namespaces, ({ binding, id }) => [binding, id ?? binding]),
    r2Buckets: table(r2_buckets, ({ binding, bucket_name }) => [binding, bucket_name]),
    d1Databases: table(d1_databases, ({ binding, database_id, database_name }) => [
      binding,
      database_id ?? database_name,
    ]),
    queueProducers: table(queues?.producers ?? [], ({ binding, queue }) => [binding, { queueName: queue }]),
    ratelimits: table(ratelimits, ({ name, namespace_id, simple }) => [name, { namespace_id, simple }]),
    serviceBindings: table(services, ({ binding, service, entrypoint }) => [
      binding,
      known.has(service)
        ? { name: service, entrypoint }
        : () =>
            new Answer(`The Worker ${service} of the binding ${binding} is not on this machine.\n`, { status: 503 }),
    ]),
  };
}
