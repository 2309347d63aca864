/**
 * What the steps of a build hand on to each other, and what a caller gives and gets. Types only.
 * @module
 */
import type { Manifest } from "@godwit/core/manifest";
import type { Segment } from "@godwit/core/pattern";
import type { StoreDriver } from "@godwit/core/types";
import type { Artefact, AssetFile, BuiltFunction, FunctionPlan, RoutePlan, Startup, Target } from "./contracts.ts";
import type { ReportData, ReportPlatform } from "./report-data.ts";

/** 1. scan: paths alone, no file is read. File names are relative to the root, with forward slashes. */
export interface ScannedApp {
  /** Absolute. */
  root: string;
  /** The more specific first. */
  routes: ScannedRoute[];
  /** Matcher name -> file of the app's own in `matchers/`. */
  matchers: Record<string, string>;
  /** Middleware at the root of `routes/`, which also wraps what nothing matches. */
  rootMiddleware: string[];
  notFound?: string;
  error?: string;
  env?: string;
  assets: AssetFile[];
  /** Files in `routes/` that are no route. */
  notices?: Notice[];
}

export interface ScannedRoute {
  file: string;
  pattern: string;
  segments: Segment[];
  /** Outermost first. */
  middleware: string[];
}

/** 2. analyse: what the syntax trees and the import graph tell. */
export interface AnalysedApp extends Omit<ScannedApp, "routes"> {
  routes: RoutePlan[];
  envNames: { vars: string[]; secrets: string[] };
  /** What the files that every function carries (root middleware, `_not-found`, `_error`, `env`) reach. */
  base: Pick<RoutePlan, "needs" | "usesWaitUntil" | "stores" | "counted" | "external">;
  /** Absolute paths of files that import a barrel by name (`optimise.ts`). Default: any may. */
  barrelUsers?: ReadonlySet<string>;
  /** How much code routes share: the bytes of each chunk of a common bundle, and the chunks of each route file; `coarse`
   * where a route counts as having whatever it imports, shaken off or not. */
  code: { chunks: number[]; routes: Record<string, number[]>; coarse?: boolean };
}

/** The part of `godwit.config.ts` that is the same for every target. */
export interface BuildConfig {
  /** Default `auto`. */
  grouping?: "auto" | "route" | "single";
  budgets?: {
    /** Of each function. */
    function?: ByteBudget;
    /** Of all functions together. */
    total?: ByteBudget;
    /** Milliseconds of start-up CPU of each function; judged under `measure` only. */
    startup?: number;
  };
  /** Packages that are copied beside the bundle instead of bundled, where the platform has files. */
  external?: string[];
  /** Globs copied beside every function's bundle, where the platform has files. */
  includeFiles?: string[];
  /** `ship` puts maps into the functions; the default `external` writes them to `dist/<target>.maps/` alone. */
  sourcemap?: "external" | "ship" | "none";
  /** Default true. */
  minify?: boolean;
  /** Strings that look like secrets and are none. */
  allowSecrets?: string[];
  /** Store -> target -> driver. A target that is not named has `memory()`, with a note. */
  stores?: Record<string, { [target: string]: StoreDriver | undefined }>;
}

export interface ByteBudget {
  bytes?: number;
  gzipBytes?: number;
}

export interface BuildOptions {
  /** The app's folder, absolute. */
  root: string;
  /** The app's name. */
  app: string;
  target: Target;
  /** What the target's schema made of its slice of the config. */
  targetConfig: unknown;
  config?: BuildConfig;
  /** The folder that takes `<target>/`, absolute. Default `<root>/dist`. */
  out?: string;
  /** Resolves `@godwit/adapters/*` for generated entries: a file URL inside the package that depends on it. */
  adaptersFrom: string;
  /** Values that must not stand in any bundle: name -> value. */
  secretValues?: Record<string, string>;
  /** Starts functions of the staged artefact in the platform's runtime; given under `--measure`. */
  measure?(artefact: Artefact): Promise<Record<string, Startup>>;
  /**
   * Writes `<out>/<target>.report/` (`report.html`, `report.json`), and says of each route where on the edge it could
   * run: of these platforms. Default: no report is written.
   */
  platforms?: readonly ReportPlatform[];
  /** Called as each step begins. */
  onStep?(step: Step): void;
}

export type Step = "scan" | "analyse" | "group" | "entry" | "bundle" | "check" | "emit" | "measure" | "report";

export interface BuildResult {
  artefact: Artefact;
  plans: FunctionPlan[];
  /** Things worth a line that did not fail the build: hints not applied, budgets nearly reached. */
  notices: Notice[];
  startup?: Record<string, Startup>;
  report: FunctionReport[];
  /** What `report.json` holds, with the difference to the last build; given `platforms`. */
  data?: ReportData;
  /** Absolute path of `report.html`, where it was written. */
  page?: string;
}

/** What a function's bytes are. */
export interface FunctionReport {
  id: string;
  bytes: number;
  /** Each file gzipped alone at level 9. */
  gzipBytes: number;
  /** The heaviest first. */
  packages: Weight[];
  /** Bytes left under the platform's limits, where it has any. */
  headroom: ByteBudget;
}

export interface Notice {
  code: string;
  message: string;
}

/** 5. bundle: built functions, and for each the bytes it takes from every input. */
export interface Bundled {
  functions: BuiltFunction[];
  /** Function id -> heaviest inputs first, by package or file. */
  weights: Record<string, Weight[]>;
}

export interface Weight {
  /** A package's name, or a file of the app. */
  name: string;
  bytes: number;
}

export type { Manifest };
