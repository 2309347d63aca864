/**
 * Godwit's build: routes in, small functions with a manifest out.
 * @module
 */
export { build, type PlannedApp, type PlanOptions, planApp } from "./build.ts";
export { openDev } from "./dev.ts";
export { type DevArtefactOptions, writeDevArtefact } from "./dev-artefact.ts";
export type { DevAnswer, DevAsk, DevChange, DevFailure, DevGraph, DevModule, DevOptions } from "./dev-contract.ts";
export { readPlaced } from "./dev-failure.ts";
export { type Kept, keepInOwn, openDevFolder, openKept } from "./dev-folder.ts";
export { type DevVariants, hasRuntimes, movedRoutes, readVariants, variantsOf } from "./dev-variants.ts";
export { type EnvNames, findEnvNames } from "./env-names.ts";
export { type BundleModuleOptions, type BundleWholeOptions, bundleModule, bundleWhole, readArtefact } from "./load.ts";
export { summarise } from "./report.ts";
export type { FunctionChange, ReportChanges } from "./report-changes.ts";
export type { ReportData, ReportFunction, ReportLimit, ReportPlatform, ReportRoute } from "./report-data.ts";
export { type FoundReport, readReport } from "./report-write.ts";
export { isCron } from "./route-config.ts";
export { scanApp } from "./scan.ts";
export type {
  AnalysedApp,
  BuildConfig,
  BuildOptions,
  BuildResult,
  ByteBudget,
  FunctionReport,
  Notice,
  Step,
  Weight,
} from "./steps.ts";
export { chooseStores } from "./stores.ts";
