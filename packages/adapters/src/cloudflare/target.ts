/**
 * The build half for Cloudflare: one Worker whose route modules load on first use, or several behind a dispatcher.
 * @module
 */
import type { Builder, BuiltFunction, Emitted, EntryWhole, FunctionPlan, Target } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { type ManifestTrigger, printSorted, type Resource } from "@godwit/core/manifest";
import { type CloudflareConfig, cloudflareConfig, hasNode } from "./config.ts";
import { toCron } from "./cron.ts";
import { LIMITS, NODE_BUILTINS, WEB_WORKER, WORKER } from "./limits.ts";
import { exportObjects, toObjects } from "./objects.ts";
import { toWrangler } from "./wrangler.ts";

/** The target `cloudflare`. Its variants are one runtime, with Node's built-ins and without. */
export const target: Target<CloudflareConfig> = {
  name: "cloudflare",
  deployer: "cloudflare",
  variants: { worker: WORKER, "worker-web": WEB_WORKER },
  config: cloudflareConfig,
  limits: (config) => LIMITS[config.plan],

  choose({ route }, config) {
    const { runtime, regions } = route.config;
    if (runtime && runtime !== "edge" && runtime !== "workerd") {
      throw new GodwitError(
        "CLOUDFLARE_RUNTIME",
        `${route.file} asks for the runtime "${runtime}", and Cloudflare runs workerd alone. Take \`runtime\` out of its config, or build it for another target.`,
      );
    }
    if (regions?.length) {
      throw new GodwitError(
        "CLOUDFLARE_REGIONS",
        `${route.file} asks for regions, and a Worker runs wherever the request arrives. Take \`regions\` out of its config, or build it for another target.`,
      );
    }
    return hasNode(config)
      ? { variant: "worker", reason: "workerd with nodejs_compat" }
      : { variant: "worker-web", reason: "workerd without nodejs_compat" };
  },

  esbuild: (variant) => ({
    platform: "neutral",
    format: "esm",
    target: "es2024",
    // As wrangler resolves packages; `import` and `require` follow from how a package is imported.
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    define: { "process.env.NODE_ENV": '"production"', "navigator.userAgent": '"Cloudflare-Workers"' },
    external: ["cloudflare:*", "node:*", ...(variant === "worker" ? NODE_BUILTINS : [])],
    // For a `require` whose name is known at run time alone; the others are imports. Only nodejs_compat has built-ins.
    requireBanner: variant === "worker",
  }),

  entry: writeEntry,
  // What lies beside a class is taken for what it imports.
  restarts: ({ durableObjects }) =>
    toObjects({ durableObjects }).map(({ module }) => module.slice(2).replace(/\/[^/]*$/, "")),
  emit: emitWorkers,
};

function writeEntry(fn: FunctionPlan, config: CloudflareConfig, whole?: EntryWhole): string {
  const lines = ['import app from "godwit:app";'];
  // Durable Objects live in front, where the one script is whose name does not change.
  const isFront = fn.role === "dispatcher" || (whole?.functions ?? 1) === 1;
  const objects = isFront ? exportObjects(toObjects(config, whole?.resources)) : [];
  if (fn.role === "dispatcher") {
    lines[0] = 'import app, { behind } from "godwit:app";';
    lines.push(
      'import { toDispatcher, toScheduledDispatcher } from "@godwit/adapters/cloudflare";',
      `export default { ...toDispatcher(app, behind, { self: ${JSON.stringify(fn.id)} }), scheduled: toScheduledDispatcher(app) };`,
      ...objects,
    );
    return `${lines.join("\n")}\n`;
  }
  const schedules: Record<string, string[]> = {};
  for (const [cron, pattern] of cronsOf(fn)) schedules[cron] = [...(schedules[cron] ?? []), pattern];
  if (Object.keys(schedules).length === 0) {
    lines.push('import { toWorker } from "@godwit/adapters/cloudflare";', "export default toWorker(app);");
  } else {
    lines.push(
      'import { toScheduled, toWorker } from "@godwit/adapters/cloudflare";',
      `export default { ...toWorker(app), scheduled: toScheduled(app, ${JSON.stringify(schedules)}) };`,
      // What a dispatcher in front calls. No public request reaches a named export.
      'export const schedule = toWorker(app, "schedule");',
    );
  }
  return `${[...lines, ...objects].join("\n")}\n`;
}

/** Crons in Cloudflare's dialect, with their patterns. */
function cronsOf(fn: FunctionPlan): [cron: string, pattern: string][] {
  return fn.routes.flatMap(({ pattern, config }) => (config.schedule ? [[toCron(config.schedule), pattern]] : []));
}

async function emitWorkers(builder: Builder<CloudflareConfig>): Promise<Emitted> {
  const { functions } = builder;
  const config = withStores(builder);
  const front = findFront(functions);
  const base = config.name ?? toScriptName(builder.app);
  const scriptOf = (id: string) => (id === front.plan.id ? base : `${base}-${id}`);
  const objects = toObjects(config, builder.resources);
  copyAssets(builder);

  const others = functions.filter((fn) => fn !== front);
  const schedules: Record<string, Record<string, string>> = {};
  for (const fn of functions) {
    for (const [cron, pattern] of cronsOf(fn.plan)) {
      schedules[cron] = { ...schedules[cron], [pattern]: fn === front ? "" : `${bindingOf(fn.plan.id)}_SCHEDULE` };
    }
  }
  const services = others.flatMap(({ plan }) => {
    const service = scriptOf(plan.id);
    const binding = bindingOf(plan.id);
    const timed = cronsOf(plan).length > 0;
    return [
      { binding, service },
      ...(timed ? [{ binding: `${binding}_SCHEDULE`, service, entrypoint: "schedule" }] : []),
    ];
  });

  const resources: Resource[] = [];
  const emitted: Emitted["functions"] = functions.map((fn) => {
    const { id } = fn.plan;
    const isFront = fn === front;
    const wrangler = toWrangler(
      {
        script: scriptOf(id),
        front: isFront,
        crons: isFront ? Object.keys(schedules).sort() : [],
        services: isFront ? services : [],
        ...(isFront && others.length && Object.keys(schedules).length && { schedules }),
        assets: isFront && builder.assets.length > 0,
        objects,
        ...(!isFront && { objectsIn: base }),
      },
      config,
    );
    for (const file of fn.files) builder.write(`${id}/${file.path}`, file.contents);
    builder.write(`${id}/wrangler.json`, printSorted({ ...wrangler, main: fn.files[0]?.path ?? "index.js" }));
    const { main: _main, rules: _rules, no_bundle: _bundle, find_additional_modules: _find, ...spec } = wrangler;
    resources.push({ kind: "worker", name: id, spec });
    const files = fn.files.map((file) => `${id}/${file.path}`);
    return { id, entry: files[0] ?? `${id}/index.js`, files };
  });

  return {
    front: { kind: "worker", routes: [{ match: "/*", function: front.plan.id }] },
    functions: emitted,
    resources: [
      ...resources,
      ...bindingsOf(config),
      ...objects.map(({ binding, class: name, module, storage }) => ({
        kind: "durable-object",
        name: binding,
        spec: { class: name, module, storage },
      })),
    ],
    triggers: functions.flatMap(({ plan }) =>
      plan.routes.flatMap(({ pattern, config: { schedule } }): ManifestTrigger[] =>
        schedule ? [{ kind: "schedule", schedule, pattern, function: plan.id }] : [],
      ),
    ),
  };
}

/** Namespaces that stores need are bound as those of the config are, which may give them an id. */
function withStores({ config, resources = [] }: Builder<CloudflareConfig>): CloudflareConfig {
  const names = resources.flatMap(({ kind, name }) => (kind === "kv" ? [name] : []));
  return { ...config, kv: { ...Object.fromEntries(names.map((name) => [name, {}])), ...config.kv } };
}

function findFront(functions: readonly BuiltFunction[]): BuiltFunction {
  const front = functions.length === 1 ? functions[0] : functions.find(({ plan }) => plan.role === "dispatcher");
  if (front) return front;
  throw new GodwitError(
    "CLOUDFLARE_NO_DISPATCHER",
    `${functions.length} Workers (${functions.map(({ plan }) => plan.id).join(", ")}) have none in front of them.`,
  );
}

/** `users-admin` is `FN_USERS_ADMIN`: an id has no underscore, so that no two ids meet. */
function bindingOf(id: string): string {
  return `FN_${id.toUpperCase().replaceAll("-", "_")}`;
}

/** Up to 63 characters, since it is a label of `workers.dev`. */
function toScriptName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-/, "").slice(0, 63).replace(/-$/, "") || "app";
}

/** Names that Cloudflare's tools take for settings when they stand at the root of the assets. */
const RESERVED = ["/_headers", "/_redirects", "/_routes.json", "/_worker.js", "/.assetsignore"];

function copyAssets(builder: Builder<CloudflareConfig>): void {
  const { assets, config } = builder;
  const { assetBytes = Infinity, assetCount = Infinity } = LIMITS[config.plan];
  if (assets.length > assetCount) {
    throw new GodwitError(
      "CLOUDFLARE_ASSETS",
      `public/ has ${assets.length} files, and the ${config.plan} plan takes ${assetCount}.`,
    );
  }
  for (const { path, source, bytes } of assets) {
    const why = RESERVED.includes(path)
      ? "Cloudflare reads it as a setting and would not serve it. Rename it"
      : bytes > assetBytes && `it has ${bytes} bytes, and Cloudflare takes ${assetBytes} a file. Keep it in R2`;
    if (why) throw new GodwitError("CLOUDFLARE_ASSETS", `public${path} cannot be deployed: ${why}.`);
    builder.copy(source, `assets${path}`);
  }
}

function bindingsOf(config: CloudflareConfig): Resource[] {
  const toResources = (kind: string, bindings: Record<string, object>) =>
    Object.entries(bindings).map(([name, spec]) => ({ kind, name, spec: { ...spec } }));
  return [
    ...toResources("kv", config.kv),
    ...toResources("r2", config.r2),
    ...toResources("d1", config.d1),
    ...toResources("queue", config.queues),
    ...toResources("ratelimit", config.ratelimits),
  ];
}
