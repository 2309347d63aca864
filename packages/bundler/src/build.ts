/**
 * The build, step by step: scan, analyse, group, entry, bundle, optimise, check, emit, report.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { printSorted } from "@godwit/core/manifest";
import { analyseApp, analysisSettings } from "./analyse.ts";
import { type BundleOutput, bundle } from "./bundle.ts";
import { type CheckInput, checkSizes, checkStartup, overLimit } from "./check.ts";
import { checkSecrets } from "./check-secrets.ts";
import type { BuiltFunction, FunctionPlan, Startup } from "./contracts.ts";
import { emit } from "./emit.ts";
import { checkOut } from "./emit-out.ts";
import { openStage, type Stage } from "./emit-stage.ts";
import { appSource, entrySource } from "./entry.ts";
import { joinSources } from "./entry-join.ts";
import { groupRoutes } from "./group.ts";
import { isFull, whyNotWritten } from "./own-folder.ts";
import { report } from "./report.ts";
import { toReportData } from "./report-data.ts";
import { previousReport, writeReport } from "./report-write.ts";
import { scanApp } from "./scan.ts";
import type { AnalysedApp, BuildOptions, BuildResult, Notice } from "./steps.ts";
import { checkStores, chooseStores, storeResources, withStoreEnv } from "./stores.ts";
import { trace } from "./trace.ts";
import { writeTypes } from "./types-file.ts";

/** What `planApp` needs of the options of a build. */
export type PlanOptions = Pick<BuildOptions, "root" | "target" | "targetConfig" | "config" | "onStep">;

export interface PlannedApp {
  app: AnalysedApp;
  plans: FunctionPlan[];
  notices: Notice[];
}

/** Files from which on an analysis is coarse where that is enough. */
const LARGE = 100;

/**
 * The first three steps: which functions a build would make, and why. Nothing is bundled; the app's types are written
 * down for its editor.
 */
export async function planApp(options: PlanOptions): Promise<PlannedApp> {
  const { root, target, targetConfig, config = {}, onStep } = options;
  onStep?.("scan");
  const scanned = await scanApp(resolve(root));
  writeTypes(scanned, Object.keys(config.stores ?? {}));
  onStep?.("analyse");
  const settings = analysisSettings(target, targetConfig);
  const question = { external: config.external ?? [], settings };
  const splits = Object.values(target.variants).some(({ front }) => front !== "self");
  let app = await analyseApp(scanned, { ...question, ...(splits && { coarseFrom: LARGE }) });
  onStep?.("group");
  const grouping = { target, targetConfig, config };
  let grouped = groupRoutes(app, grouping);
  if (app.code.coarse && grouped.plans.some(({ routes }) => routes.length > 1)) {
    // who should be together is asked of exact figures
    app = await analyseApp(scanned, question);
    grouped = groupRoutes(app, grouping);
  }
  const { plans, notices } = grouped;
  notices.push(...checkStores(plans, app, options));
  app = withStoreEnv(app, chooseStores(config, target.name));
  return { app, plans, notices: [...(app.notices ?? []), ...notices] };
}

/**
 * Builds an app for a target. `<out>/<target>/` is replaced whole, or left as it was when anything throws.
 *
 * @example
 * const { artefact } = await build({ root, app: "shop", target, targetConfig: {}, adaptersFrom: import.meta.url });
 */
export async function build(given: BuildOptions): Promise<BuildResult> {
  const options: BuildOptions = { ...given, root: resolve(given.root) };
  const { root, config = {}, target, targetConfig, onStep } = options;
  const out = resolve(options.out ?? join(root, "dist"));
  checkOut(root, out, target.name);
  const planned = await planApp(options);
  const { app, notices } = planned;
  let bundled = await bundlePlans(options, app, planned.plans);
  onStep?.("check");
  const toCheck = (): CheckInput => ({ ...bundled, target, targetConfig, config, assets: app.assets });
  const isOver = (): boolean => overLimit(toCheck()).some(({ plan }) => isDivisible(plan, options));
  let split: FunctionPlan[] | undefined;
  for (const fill of isOver() ? FILLS : []) {
    const again = await groupRoutes(app, { target, targetConfig, config, split: true, fill });
    split = again.plans;
    bundled = await bundlePlans(options, app, split);
    if (!isOver()) break;
  }
  if (split) {
    notices.push({
      code: "SPLIT_BY_SIZE",
      message: `One function would exceed the limit of ${target.name}: the app is split into ${split.length}.`,
    });
  }
  notices.push(...bundled.notices, ...checkSizes(toCheck()));
  checkSecrets({
    functions: bundled.functions,
    values: secretsOf(options, app),
    allow: config.allowSecrets ?? [],
  });
  onStep?.("emit");
  const result = await write(options, app, bundled.functions, out);
  const built: BuildResult = {
    ...result,
    plans: bundled.functions.map((fn) => fn.plan),
    notices: [...new Map(notices.map((notice) => [`${notice.code} ${notice.message}`, notice])).values()],
    report: report(toCheck()),
  };
  return options.platforms ? withReport(built, options, { app, out, check: toCheck() }) : built;
}

/** A report that cannot be written is worth a note: the build is there. */
async function withReport(
  built: BuildResult,
  { app: name, target, platforms = [], onStep }: BuildOptions,
  { app, out, check }: { app: AnalysedApp; out: string; check: CheckInput },
): Promise<BuildResult> {
  onStep?.("report");
  const { artefact, notices, startup, report: reports } = built;
  const { manifest } = artefact;
  const previous = previousReport(out, name, target.name);
  const data = toReportData({ ...check, name, app, manifest, reports, notices, startup, platforms, previous });
  try {
    return { ...built, data, page: await writeReport(out, data) };
  } catch (cause) {
    const message = `The report was not written: ${cause instanceof Error ? cause.message : cause}`;
    return { ...built, data, notices: [...notices, { code: "REPORT_FAILED", message }] };
  }
}

interface Finished extends Pick<BundleOutput, "functions" | "weights"> {
  notices: Notice[];
}

async function bundlePlans(options: BuildOptions, app: AnalysedApp, plans: FunctionPlan[]): Promise<Finished> {
  const { root, target, targetConfig, config = {}, adaptersFrom, onStep } = options;
  onStep?.("entry");
  const stores = chooseStores(config, target.name);
  const whole = { functions: plans.length, resources: storeResources(app, app, stores) };
  const sources = new Map(
    plans.map((plan) => {
      const [entry, own] = [entrySource(plan, target, targetConfig, whole), appSource(plan, app, { stores })];
      return [plan.id, { entry: joinSources(entry, own) ?? entry, app: own }];
    }),
  );
  onStep?.("bundle");
  const bundled = await bundle({
    root,
    plans,
    target,
    targetConfig,
    config,
    adaptersFrom,
    barrelUsers: app.barrelUsers,
    entrySource: (plan) => sources.get(plan.id)?.entry ?? "",
    appSource: (plan) => sources.get(plan.id)?.app ?? "",
  });
  const traced = await trace({ ...bundled, root, target, targetConfig, config });
  return { ...traced, notices: [...bundled.notices, ...traced.notices] };
}

/** Before it is bundled, code tells little of its size on the platform: the share of the limit to fill, and less. */
const FILLS = [0.8, 0.4, 0.1, 0];

/** An app that is its own front may become several functions behind a dispatcher. */
function isDivisible(plan: FunctionPlan, { target }: BuildOptions): boolean {
  const free = plan.routes.filter(({ config }) => config.group === undefined);
  return target.variants[plan.variant]?.front === "self" && plan.routes.length > 1 && free.length > 0;
}

/** Those that env.ts declares, and those whose name says what they are; a plain variable may stand in any bundle. */
function secretsOf({ secretValues = {} }: BuildOptions, app: AnalysedApp): Record<string, string> {
  const { vars, secrets } = app.envNames;
  const isSecret = (name: string): boolean =>
    secrets.includes(name) || (!vars.includes(name) && /SECRET|TOKEN|PASSWORD|PRIVATE_KEY|API_?KEY/i.test(name));
  return Object.fromEntries(Object.entries(secretValues).filter(([name]) => isSecret(name)));
}

async function write(
  options: BuildOptions,
  app: AnalysedApp,
  functions: BuiltFunction[],
  out: string,
): Promise<Pick<BuildResult, "artefact" | "startup">> {
  let stage: Stage | undefined;
  try {
    stage = openStage(out, options.target.name);
    const manifest = await emit({ options, app, functions }, stage);
    // a V8 code cache would be taken here, from the staged artefact, and written beside the bundles
    const startup = await measure(options, stage, manifest);
    await stage.commit();
    return { artefact: { root: join(out, options.target.name), manifest }, ...(startup && { startup }) };
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    const place = join(out, options.target.name);
    throw new GodwitError(
      "EMIT_FAILED",
      `${place} was left as it was: ${whyNotWritten(cause)}. ${isFull(cause) ? "Make room there, or give" : "Give"} another folder with --out.`,
      { cause },
    );
  } finally {
    stage?.discard();
  }
}

async function measure(
  { measure: run, config = {}, onStep }: BuildOptions,
  stage: Stage,
  manifest: BuildResult["artefact"]["manifest"],
): Promise<Record<string, Startup> | undefined> {
  if (!run) return undefined;
  onStep?.("measure");
  const startup = await run({ root: stage.artefact, manifest });
  checkStartup(startup, config);
  writeFileSync(join(stage.artefact, "startup.json"), printSorted(startup));
  return startup;
}
