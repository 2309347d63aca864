/**
 * Writes `.vercel/output/`: https://vercel.com/docs/build-output-api. What Vercel's own packages can check of it is
 * checked in `output.test.ts`: routes by `@vercel/routing-utils`, functions by `@vercel/build-utils`. What stays
 * unproven without an account: that its proxy matches `src` against the encoded path, that `caseSensitive` is heeded in
 * a prebuilt deployment, `supportsCancellation` for `(req, res)` handlers, and the real limits.
 * @module
 */
import type { AssetFile, Builder, BuiltFunction, Emitted } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { type ManifestTrigger, printSorted } from "@godwit/core/manifest";
import { expandOptionals } from "@godwit/core/pattern";
import { PLANS, type VercelConfig } from "./config.ts";
import { readSchedules } from "./crons.ts";
import { createFront, FOLDER, functionName } from "./front.ts";

const ROOT = ".vercel/output";
/** The variable that Vercel sends along with a cron's call; deployers make a value for it. */
const CRON_SECRET = "CRON_SECRET";

export function emit(builder: Builder<VercelConfig>): Emitted {
  const { config, functions, assets } = builder;
  const plans = functions.map(({ plan }) => plan);
  const { routes, front } = createFront(plans);
  const triggers = readSchedules(plans, config.plan);
  checkAssets(assets, functions);
  const crons = triggers.map(({ pattern, schedule }) => ({ path: pattern, schedule }));
  const overrides = Object.fromEntries(assets.map(({ path, contentType }) => [path.slice(1), { contentType }]));
  const output = {
    version: 3,
    routes,
    ...(assets.length && { overrides }),
    ...(crons.length && { crons }),
  };
  builder.write(`${ROOT}/config.json`, printSorted(output));
  for (const { path, source } of assets) builder.copy(source, `${ROOT}/static${path}`);
  return {
    front: { kind: "build-output", routes: front },
    functions: functions.map((built) => writeFunction(builder, built, triggers)),
    ...(crons.length && {
      triggers,
      resources: [{ kind: "secret", name: CRON_SECRET, spec: { generate: true } }],
    }),
  };
}

function writeFunction(builder: Builder<VercelConfig>, built: BuiltFunction, triggers: ManifestTrigger[]) {
  const { plan, files } = built;
  const folder = `${ROOT}/functions/${functionName(plan.id)}.func`;
  const entry = files[0]?.path;
  if (entry === undefined) {
    throw new GodwitError("VERCEL_FUNCTION_EMPTY", `The function ${plan.id} has no files. Report this as a bug.`);
  }
  const scheduled = triggers.some((trigger) => trigger.function === plan.id);
  const settings = plan.variant === "edge" ? edgeSettings(builder, built, scheduled) : nodeSettings(builder, built);
  const own: [string, string][] = [[".vc-config.json", printSorted(settings)]];
  // Node takes `.js` for CommonJS where no package.json says otherwise, and bundles are modules.
  const typed = !entry.endsWith(".js") || files.some(({ path }) => path === "package.json");
  if (plan.variant === "node" && !typed) own.push(["package.json", '{"type":"module"}\n']);
  for (const { path, contents } of files) builder.write(`${folder}/${path}`, contents);
  for (const [path, contents] of own) builder.write(`${folder}/${path}`, contents);
  const paths = [...files.map(({ path }) => path), ...own.map(([path]) => path)];
  return { id: plan.id, entry: `${folder}/${entry}`, files: paths.map((path) => `${folder}/${path}`).sort() };
}

function edgeSettings({ config, env }: Builder<VercelConfig>, { plan, files }: BuiltFunction, scheduled: boolean) {
  // Edge functions see the variables that their configuration names.
  const names = [...env.vars, ...env.secrets, ...(scheduled ? [CRON_SECRET] : [])];
  return {
    runtime: "edge",
    deploymentTarget: "v8-worker",
    entrypoint: files[0]?.path,
    envVarsInUse: [...new Set(names)].sort(),
    regions: plan.settings.regions ?? config.regions,
  };
}

function nodeSettings({ config }: Builder<VercelConfig>, { plan, files }: BuiltFunction) {
  const { memory = config.memory, timeout, regions = config.regions } = plan.settings;
  const most = PLANS[config.plan];
  // One second more than the route's own limit, so that the app still answers its 504 itself.
  const needed = timeout === undefined ? undefined : Math.ceil(timeout / 1000) + 1;
  const duration = Math.max(needed ?? 0, config.maxDuration ?? 0);
  return {
    runtime: config.nodeVersion,
    handler: files[0]?.path,
    launcherType: "Nodejs",
    shouldAddHelpers: false,
    shouldAddSourcemapSupport: false,
    supportsResponseStreaming: true,
    supportsCancellation: true,
    architecture: config.architecture,
    regions,
    memory: memory === undefined ? undefined : Math.min(memory, most.memory),
    maxDuration: duration ? Math.min(duration, most.duration) : undefined,
  };
}

/** Vercel serves `docs/index.html` at `/docs` as well, and files win over routes. */
function checkAssets(assets: readonly AssetFile[], functions: readonly BuiltFunction[]): void {
  const taken = new Map<string, string>();
  for (const { path } of assets) {
    if (path.startsWith(`/${FOLDER}/`)) {
      throw new GodwitError(
        "VERCEL_PATH_RESERVED",
        `public${path}: on Vercel /${FOLDER}/ holds the functions. Rename it.`,
      );
    }
    if (path.endsWith("/index.html")) taken.set(path.slice(0, -"/index.html".length) || "/", path);
  }
  if (taken.size === 0) return;
  for (const { file, segments } of functions.flatMap(({ plan }) => plan.routes)) {
    for (const place of expandOptionals(segments)) {
      if (!place.every(({ kind }) => kind === "static")) continue;
      const asset = taken.get(`/${place.map(({ value }) => value).join("/")}`);
      if (asset === undefined) continue;
      throw new GodwitError(
        "VERCEL_INDEX_HIDES_ROUTE",
        `public${asset} would be served in place of ${file} on Vercel. Remove one of the two.`,
      );
    }
  }
}
