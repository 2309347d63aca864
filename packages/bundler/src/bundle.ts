/**
 * 5. bundle: one pass of esbuild over all entries of a variant, so that a module of 1,000 routes is parsed once; each
 * function takes its entry and the chunks that it reaches.
 * @module
 */
import type { BuildOptions as EsbuildOptions, Message } from "esbuild";
import { type Finish, finish } from "./bundle-finish.ts";
import { joinFunctions, type Shipment } from "./bundle-join.ts";
import { createNamer, type Namer } from "./bundle-names.ts";
import { carryNative } from "./bundle-native.ts";
import { createOrderCheck, type Disorder, type OrderCheck } from "./bundle-order.ts";
import { describe, type Output, type Pass, reach, runPass } from "./bundle-pass.ts";
import { resolveGodwit } from "./bundle-resolve.ts";
import { weighAll } from "./bundle-weights.ts";
import type { BuiltFile, BuiltFunction, Capabilities, EsbuildSettings, FunctionPlan, Target } from "./contracts.ts";
import { importNamespaces } from "./optimise.ts";
import type { BuildConfig, Bundled, Notice } from "./steps.ts";

export interface BundleInput {
  root: string;
  plans: FunctionPlan[];
  target: Target;
  targetConfig: unknown;
  config: BuildConfig;
  adaptersFrom: string;
  /** Absolute paths of the app's files that import a barrel by name, where an analysis knows them. */
  barrelUsers?: ReadonlySet<string>;
  /** The source of a plan's entry, and of its `godwit:app`. */
  entrySource(plan: FunctionPlan): string;
  appSource(plan: FunctionPlan): string;
}

/** What a function imports that is not in its bundle, and from where its importers stand. */
export interface ExternalImport {
  specifier: string;
  /** Absolute folders. */
  from: string[];
  /** A native file that is carried along under the specifier's name; absolute. */
  file?: string;
}

export interface BundleOutput extends Bundled {
  externals: Record<string, ExternalImport[]>;
  notices: Notice[];
}

/** Self-contained entries of one pass: each holds all that it reaches, so many at once need gigabytes. */
const BATCH = 40;

/** Throws BUNDLE_FAILED for what esbuild does not accept. */
export async function bundle(input: BundleInput): Promise<BundleOutput> {
  const byVariant = Map.groupBy(input.plans, (plan) => plan.variant);
  const parts: BundleOutput[] = [];
  for (const [variant, plans] of byVariant) parts.push(await bundleVariant(input, variant, plans));
  const order = new Map(input.plans.map((plan, at) => [plan.id, at]));
  return {
    functions: parts
      .flatMap((part) => part.functions)
      .sort((a, b) => (order.get(a.plan.id) ?? 0) - (order.get(b.plan.id) ?? 0)),
    weights: Object.assign({}, ...parts.map((part) => part.weights)),
    externals: Object.assign({}, ...parts.map((part) => part.externals)),
    notices: parts.flatMap((part) => part.notices),
  };
}

async function bundleVariant(input: BundleInput, variant: string, plans: FunctionPlan[]): Promise<BundleOutput> {
  const { root, target, targetConfig, config } = input;
  const settings = target.esbuild(variant, targetConfig);
  const namer = createNamer(root);
  const importers = new Map<string, Set<string>>();
  const natives = new Map<string, string>();
  const originals = new Map<string, string>();
  const options = toEsbuild(input, settings, {
    external: externalPackages(target.variants[variant], plans, config),
    importers,
    natives,
    originals,
    namer,
  });
  const warnings: Message[] = [];
  const alone = settings.selfContained === true || settings.format === "iife" || settings.dynamicImport === false;
  const extension = extensionOf(settings);
  const run = async (some: readonly FunctionPlan[], splitting: boolean): Promise<Pass> => {
    const pass = await runPass({ ...options, splitting, entryPoints: some.map(toEntryPoint) }, namer);
    warnings.push(...pass.warnings);
    return pass;
  };
  const bundleAlone = async (some: readonly FunctionPlan[]): Promise<Shipment[]> => {
    const shipments: Shipment[] = [];
    for (const batch of chunk(some, BATCH))
      shipments.push(...shipOf((await run(batch, false)).outputs, batch, extension));
    return shipments;
  };
  const notices: Notice[] = [];
  let ship: Shipment[];
  if (alone) ship = await bundleAlone(plans);
  else {
    const { outputs, inputs } = await run(plans, true);
    ship = shipOf(outputs, plans, extension);
    // one function has nothing to share: its chunks are what it loads later
    if (ship.length > 1) await joinFunctions(ship, { options, namer, extension });
    const disorders = findDisorders(ship, createOrderCheck({ root, inputs, outputs }));
    const again = await bundleAlone(plans.filter((plan) => disorders.has(plan)));
    ship = ship.map((each) => again.find(({ plan }) => plan === each.plan) ?? each);
    if (disorders.size > 0) notices.push(bundledAlone(disorders, namer));
  }
  const finishing: Finish = {
    requireBanner: settings.requireBanner === true && settings.format === "esm",
    namer,
    originals,
  };
  const finished = new Map<Output, { file: BuiltFile; map?: BuiltFile }>();
  return {
    functions: ship.map((each) => toFunction(each, extension, finished, finishing, config)),
    weights: weighAll(ship, namer),
    externals: Object.fromEntries(ship.map((each) => [each.plan.id, externalsOf(each, importers, natives)])),
    notices: [
      ...notices,
      ...warnings.filter(isOwn).map((warning) => ({ code: "BUNDLE_WARNING", message: describe(warning) })),
    ],
  };
}

/** Functions whose modules would run in another order than the one that their imports ask for, where that shows. */
function findDisorders(ship: Shipment[], check: OrderCheck): Map<FunctionPlan, Disorder> {
  const disorders = new Map<FunctionPlan, Disorder>();
  for (const { plan, entry, chunks } of ship) {
    const disorder = check.find({ source: `godwit-entry:${plan.id}`, files: [entry, ...chunks] });
    if (disorder) disorders.set(plan, disorder);
  }
  return disorders;
}

function bundledAlone(disorders: ReadonlyMap<FunctionPlan, Disorder>, namer: Namer): Notice {
  const ids = [...disorders.keys()].map(({ id }) => id);
  const [{ first = "", second = "" } = {}] = disorders.values();
  const names = ids.length > 5 ? `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more` : ids.join(", ");
  const why = `${namer.nameOf(first)} does something when it is imported and has to run before ${namer.nameOf(second)}`;
  return { code: "BUNDLED_ALONE", message: `Without shared chunks, to keep the order of imports: ${names} (${why}).` };
}

function shipOf(outputs: ReadonlyMap<string, Output>, plans: readonly FunctionPlan[], extension: string): Shipment[] {
  return plans.map((plan) => {
    const name = `${entryName(plan)}${extension}`;
    const entry = outputs.get(name);
    if (!entry) throw new TypeError(`esbuild gave no output for ${plan.id}`);
    const chunks = reach(outputs, name, ["statics", "dynamics"])
      .sort()
      .flatMap((each) => outputs.get(each) ?? []);
    const externals = new Set([entry, ...chunks].flatMap((output) => output.externals));
    return { plan, entry, chunks, externals: [...externals].sort() };
  });
}

function toFunction(
  { plan, entry, chunks }: Shipment,
  extension: string,
  finished: Map<Output, { file: BuiltFile; map?: BuiltFile }>,
  finishing: Finish,
  config: BuildConfig,
): BuiltFunction {
  const files: BuiltFile[] = [];
  const maps: BuiltFile[] = [];
  for (const output of [entry, ...chunks]) {
    const path = output === entry ? `index${extension}` : output.name;
    const known = finished.get(output) ?? finishOutput(output, path, finishing, config);
    finished.set(output, known);
    files.push(known.file);
    if (known.map) maps.push(known.map);
  }
  if (config.sourcemap === "ship") files.push(...maps);
  return { plan, files, maps };
}

/** One object for each output, however many functions ship it: later steps know it again and work once. */
function finishOutput(output: Output, path: string, finishing: Finish, config: BuildConfig) {
  const { code, map } = finish(output, finishing);
  const link = config.sourcemap === "ship" ? `//# sourceMappingURL=${path}.map\n` : "";
  const file: BuiltFile = { path, contents: Buffer.from(code + link) };
  return map === undefined ? { file } : { file, map: { path: `${path}.map`, contents: Buffer.from(map) } };
}

interface Collected {
  external: ReadonlySet<string>;
  importers: Map<string, Set<string>>;
  natives: Map<string, string>;
  originals: Map<string, string>;
  namer: Namer;
}

function toEsbuild(input: BundleInput, settings: EsbuildSettings, collected: Collected): EsbuildOptions {
  const { root, config, adaptersFrom, plans } = input;
  const { external, importers, natives, originals, namer } = collected;
  const minify = config.minify !== false;
  return {
    absWorkingDir: root,
    outdir: root,
    bundle: true,
    format: settings.format,
    platform: settings.platform,
    target: settings.target,
    conditions: settings.conditions,
    mainFields: settings.mainFields,
    external: settings.external,
    define: { "process.env.NODE_ENV": '"production"', ...settings.define },
    minify,
    legalComments: "none",
    charset: "utf8",
    sourcemap: config.sourcemap === "none" ? false : "external",
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    assetNames: "asset-[hash]",
    outExtension: { ".js": extensionOf(settings) },
    plugins: [
      resolveGodwit({
        root,
        adaptersFrom,
        external,
        originals,
        platform: settings.platform,
        entries: new Map(plans.map((plan) => [plan.id, input.entrySource(plan)])),
        apps: new Map(plans.map((plan) => [plan.id, input.appSource(plan)])),
        onExternal: (specifier, from) => {
          const froms = importers.get(specifier) ?? new Set();
          importers.set(specifier, froms.add(from));
        },
      }),
      carryNative(namer, natives),
      importNamespaces({ originals, nameOf: namer.nameOf, files: input.barrelUsers }),
    ],
  };
}

/** Packages stay imports only where there are files to import. */
function externalPackages(
  capabilities: Capabilities | undefined,
  plans: FunctionPlan[],
  config: BuildConfig,
): ReadonlySet<string> {
  if (!capabilities?.nativeModules) return new Set();
  const routes = plans.flatMap((plan) => plan.routes);
  return new Set([...(config.external ?? []), ...routes.flatMap((route) => route.external)]);
}

function externalsOf(
  { externals }: Shipment,
  importers: ReadonlyMap<string, ReadonlySet<string>>,
  natives: ReadonlyMap<string, string>,
): ExternalImport[] {
  return externals.flatMap((specifier): ExternalImport[] => {
    const from = importers.get(specifier);
    const file = natives.get(specifier);
    if (file !== undefined) return [{ specifier, from: [], file }];
    return from ? [{ specifier, from: [...from].sort() }] : [];
  });
}

/** Node takes a lone file for an ES module by its extension. */
function extensionOf({ format, platform }: EsbuildSettings): ".mjs" | ".js" {
  return format === "esm" && platform === "node" ? ".mjs" : ".js";
}

function toEntryPoint(plan: FunctionPlan): { in: string; out: string } {
  return { in: `godwit:entry/${plan.id}`, out: entryName(plan) };
}

function entryName(plan: FunctionPlan): string {
  return `entry-${plan.id}`;
}

function isOwn({ location }: Message): boolean {
  return !location?.file.includes("node_modules/");
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
