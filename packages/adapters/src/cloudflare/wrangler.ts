/**
 * `wrangler.json`, the one description of a Worker that Cloudflare's own tools, the emulator and the deployer read.
 * developers.cloudflare.com/workers/wrangler/configuration
 * @module
 */
import type { CloudflareConfig } from "./config.ts";
import { type ObjectClass, toMigrations } from "./objects.ts";

/** The members that a build writes. */
export interface WranglerConfig {
  $schema?: string;
  name: string;
  main: string;
  compatibility_date: string;
  compatibility_flags: string[];
  /** The modules are shipped as they are. */
  no_bundle: true;
  find_additional_modules: true;
  rules: { type: "ESModule"; globs: string[] }[];
  workers_dev: boolean;
  preview_urls?: boolean;
  vars?: CloudflareConfig["vars"];
  kv_namespaces?: { binding: string; id?: string }[];
  r2_buckets?: { binding: string; bucket_name: string }[];
  d1_databases?: { binding: string; database_name: string; database_id?: string }[];
  queues?: { producers: { binding: string; queue: string }[] };
  durable_objects?: { bindings: { name: string; class_name: string; script_name?: string }[] };
  migrations?: { tag: string; new_sqlite_classes?: string[]; new_classes?: string[] }[];
  services?: { binding: string; service: string; entrypoint?: string }[];
  ratelimits?: { name: string; namespace_id: string; simple: { limit: number; period: 10 | 60 } }[];
  routes?: { pattern: string; zone_name?: string; custom_domain?: true }[];
  triggers?: { crons: string[] };
  assets?: { directory: string; html_handling: "none"; not_found_handling: "none" };
}

export interface WorkerPart {
  script: string;
  /** The Worker that the world reaches; the others answer service bindings alone. */
  front: boolean;
  crons: string[];
  services: { binding: string; service: string; entrypoint?: string }[];
  /** Cron -> pattern -> binding, for a dispatcher. */
  schedules?: Record<string, Record<string, string>>;
  assets: boolean;
  objects: readonly ObjectClass[];
  /** The Worker that has them, where it is another one. */
  objectsIn?: string;
}

/** One Worker's `wrangler.json`. Members without a value are left out. */
export function toWrangler(part: WorkerPart, config: CloudflareConfig): WranglerConfig {
  const { front } = part;
  const routes = [
    ...config.routes.map(({ pattern, zone }) => ({ pattern, ...(zone && { zone_name: zone }) })),
    ...config.domains.map((pattern) => ({ pattern, custom_domain: true as const })), // the literal, not boolean
  ];
  const services = [
    ...part.services,
    ...list(config.services, (name, { service, entrypoint }) => ({
      binding: name,
      service,
      ...(entrypoint && { entrypoint }),
    })),
  ];
  const vars = { ...config.vars, ...(part.schedules && { GODWIT_SCHEDULES: part.schedules }) };
  const producers = list(config.queues, (binding, { queue }) => ({ binding, queue }));
  return {
    name: part.script,
    main: "index.js",
    compatibility_date: config.compatibilityDate,
    compatibility_flags: [...new Set([...config.compatibilityFlags, "enable_request_signal"])],
    no_bundle: true,
    find_additional_modules: true,
    rules: [{ type: "ESModule", globs: ["**/*.js"] }],
    workers_dev: front && (config.workersDev ?? routes.length === 0),
    ...(!front && { preview_urls: false }),
    ...(Object.keys(vars).length && { vars }),
    ...some(
      "kv_namespaces",
      list(config.kv, (binding, { id }) => ({ binding, ...(id && { id }) })),
    ),
    ...some(
      "r2_buckets",
      list(config.r2, (binding, { bucket }) => ({ binding, bucket_name: bucket })),
    ),
    ...some(
      "d1_databases",
      list(config.d1, (binding, { name, id }) => ({ binding, database_name: name, ...(id && { database_id: id }) })),
    ),
    ...(producers.length && { queues: { producers } }),
    ...(part.objects.length && {
      durable_objects: {
        bindings: part.objects.map(({ binding, class: name }) => ({
          name: binding,
          class_name: name,
          ...(part.objectsIn !== undefined && { script_name: part.objectsIn }),
        })),
      },
      ...(part.objectsIn === undefined && { migrations: toMigrations(part.objects) }),
    }),
    ...some("services", services),
    ...some(
      "ratelimits",
      list(config.ratelimits, (name, { namespace, limit, period }) => ({
        name,
        namespace_id: namespace,
        simple: { limit, period },
      })),
    ),
    ...(front && some("routes", routes)),
    ...(part.crons.length && { triggers: { crons: part.crons } }),
    // Exactly the file of the path and nothing else, so that a path means the same on every platform.
    ...(part.assets && { assets: { directory: "../assets", html_handling: "none", not_found_handling: "none" } }),
  };
}

function list<T, R>(bindings: Record<string, T>, toEntry: (name: string, value: T) => R): R[] {
  return Object.entries(bindings).map(([name, value]) => toEntry(name, value));
}

function some<K extends string, T>(key: K, values: T[]): { [N in K]?: T[] } {
  return (values.length ? { [key]: values } : {}) as { [N in K]?: T[] }; // a computed key widens to string
}
