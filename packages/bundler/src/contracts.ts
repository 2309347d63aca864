/**
 * What the build hands to a platform's folder, and what that folder hands back. Types only: tools arrive as arguments,
 * so an adapter imports no build tool.
 * @module
 */
import type {
  FrontRoute,
  FunctionSettings,
  Manifest,
  ManifestTrigger,
  Resource,
  VerifyRequest,
} from "@godwit/core/manifest";
import type { Segment } from "@godwit/core/pattern";
import type { StandardSchemaV1 } from "@standard-schema/spec";

/** What one variant of a platform can do, as data with the date it was checked. */
export interface Capabilities {
  /** ISO date on which limits and abilities were last compared with the platform's pages. */
  checked: string;
  runtime: "node" | "workerd" | "edge";
  /** Bytes reach the client while the handler is still writing. */
  streaming: boolean;
  /** Whether background work runs after the answer, or holds it back. */
  waitUntil: "after" | "before-answer";
  /** A client that goes away aborts `context.signal`. */
  clientAbort: boolean;
  webSockets: boolean;
  /** Who serves `public/`: the platform's asset store, or the functions. */
  assets: "platform" | "function";
  schedule: boolean;
  /** A function may choose its memory (`config.memory`); else the hint is listed as not applied. Default: on Node behind a front. */
  memory?: boolean;
  /** Node built-ins without the `node:` prefix. */
  nodeBuiltins: "all" | readonly string[];
  /** May native addons (`.node`) and packages copied beside the bundle be there? */
  nativeModules: boolean;
  /** What the front tells apart: whole segments, any regular expression, or nothing since the app routes itself. */
  front: "segments" | "regex" | "self";
  /**
   * What the front does to a request before a function sees it. `dot-segments`: it picks the function by a path whose
   * dot segments are not resolved. `encoded-path`: it decodes the path, so that an escaped slash is a slash, which
   * letters were escaped is lost, and malformed escapes never arrive. `query`: it decodes the query, so that the order
   * of different names and the way of escaping are lost. `text-bodies`: bytes under a text type that are no UTF-8 are
   * replaced. `repeats`: of headers and query names that repeat, the last alone arrives.
   */
  alters?: readonly ("dot-segments" | "encoded-path" | "query" | "text-bodies" | "repeats")[];
  /** How modules come into the runtime while the app is developed. Default: it imports files. */
  dev?: DevRuntime;
  limits: Limits;
}

/** For a runtime without files: modules come as texts. The members are sources of JavaScript expressions. */
export interface DevRuntime {
  /**
   * `(raw, code, name, ...parameters) => Function`, where `raw` is `execution.platform.raw` and stacks name `name`,
   * with lines and columns as in `code`. The emulator allows it under `EmulateOptions.dev`.
   */
  evaluate: string;
  /** `(specifier) => Promise` of the namespace of a module that the runtime has. */
  load: string;
  /** A binding that `evaluate` works with and the app must not see. */
  binding?: string;
}

export interface Limits {
  /** Functions an app may have. */
  functions?: number;
  frontRoutes?: number;
  /** Bytes of one function, unzipped. */
  functionBytes?: number;
  functionGzipBytes?: number;
  requestBytes?: number;
  responseBytes?: number;
  /** Milliseconds of start-up that the platform allows. */
  startup?: number;
  /** Milliseconds that one request may take. */
  duration?: number;
  /** Files of `public/` served by a function: the largest, all together, and how many. */
  assetBytes?: number;
  assetTotalBytes?: number;
  assetCount?: number;
}

/** `export const config` of a route file. */
export interface RouteConfig {
  /** Hint: megabytes. */
  memory?: number;
  /** `"500ms"`, `"5s"`, `"1m"`: a 504 after that on every platform. */
  timeout?: string;
  /** A variant's runtime (`"edge"`, `"node"`): a requirement. */
  runtime?: string;
  regions?: string[];
  /** A function (on Cloudflare: a Worker) of its own. */
  split?: boolean;
  /** Routes with one group's name share a function. */
  group?: string;
  /** Cron, five fields, UTC. */
  schedule?: string;
  /** Globs, relative to the app's folder, copied beside the bundle. */
  includeFiles?: string[];
}

/** Something a route reaches that a platform may lack, with the way the build found it. */
export interface RouteNeed {
  kind: "node-builtin" | "native";
  /** `child_process`, or the path of a `.node` file. */
  name: string;
  /** Files from the route to the import, relative to the app: `routes/report.ts > lib/pdf.ts > node:child_process`. */
  chain: string[];
}

export interface RoutePlan {
  /** Relative to the app's folder. */
  file: string;
  pattern: string;
  segments: Segment[];
  /** Exported methods; `*` for a default export. */
  methods: string[];
  config: RouteConfig;
  /** Files of the folder middleware on the route's path, outermost first. */
  middleware: string[];
  needs: RouteNeed[];
  /** Whether the graph mentions `waitUntil`: a target may skip what it costs otherwise. */
  usesWaitUntil: boolean;
  /** Stores that the graph names (`.store("main")`), `*` for a computed name. Undefined: it was not read. */
  stores?: string[];
  /** Those of them that `rateLimit` counts in. */
  counted?: string[];
  /** Names of packages that are copied beside the bundle instead of bundled. */
  external: string[];
}

export interface FunctionPlan {
  id: string;
  role: "handler" | "dispatcher" | "fallback";
  variant: string;
  /**
   * A fallback has some where a platform takes too few functions or front routes, or one function is asked for. They
   * need no front route: whatever no other function's front route takes goes to the fallback.
   */
  routes: RoutePlan[];
  settings: FunctionSettings;
  usesWaitUntil: boolean;
  /** Why it is a function of its own, and why on this variant. */
  reason: string;
  /** Routes are imported when first used, not when the function starts. */
  lazy: boolean;
  /** It answers for the files of `public/`: there are some, and the platform has no asset store. */
  servesAssets?: boolean;
  /** For a dispatcher: the functions behind it, and the patterns that go to each. */
  behind?: { id: string; patterns: string[] }[];
}

/** How esbuild bundles a variant. */
export interface EsbuildSettings {
  platform: "node" | "neutral" | "browser";
  /** `es2023`, `node22`. */
  target: string;
  conditions: string[];
  mainFields: string[];
  /** Self-contained bundles of this variant have no chunks beside them. Default false. */
  selfContained?: boolean;
  /** Chunks may be imported while the function runs. Default true. */
  dynamicImport?: boolean;
  /** `esm`, unless the platform takes a classic script. */
  format: "esm" | "iife";
  define?: Record<string, string>;
  /** Modules that the platform itself provides, such as `cloudflare:*`. */
  external?: string[];
  /** Puts a `require` for CommonJS packages in front. Default false. */
  requireBanner?: boolean;
}

/** Which variant a route is built for, decided by the target, with the reason that the build prints. */
export interface VariantChoice {
  variant: string;
  reason: string;
}

/** What a target may ask about a route before it chooses a variant for it. */
export interface VariantQuestion {
  route: RoutePlan;
  /** Why the route cannot run on that variant; undefined when it can. */
  lacks(variant: string): string | undefined;
}

/** The build half of a platform: `export const target: Target` in its `target.ts`. */
export interface Target<Config = unknown> {
  name: string;
  variants: Record<string, Capabilities>;
  /** Checks the target's slice of `godwit.config.ts`, given `{}` when it is absent; fills in the defaults. */
  config: StandardSchemaV1<unknown, Config>;
  /** Limits that the config changes, such as a plan's number of functions; of one variant where it is named. */
  limits?(config: Config, variant?: string): Limits;
  choose(question: VariantQuestion, config: Config): VariantChoice;
  esbuild(variant: string, config: Config): EsbuildSettings;
  /**
   * The source of a function's entry. It imports `app` (default) and `env` (EnvDefinition | undefined) from
   * `"godwit:app"`, and this platform's runtime half by its specifier.
   */
  entry(fn: FunctionPlan, config: Config, whole?: EntryWhole): string;
  /** Files and folders of the app that entries import, relative to it: in development their change renews the runtime. */
  restarts?(config: Config): string[];
  /** Writes the platform's layout through the builder and says where things are. */
  emit(builder: Builder<Config>): Promise<Emitted>;
  /** Who ships it, as the manifest names it. */
  deployer: string;
}

/** What an entry may ask of the whole app: how many functions there are, and what the stores in use need. */
export interface EntryWhole {
  functions: number;
  resources: readonly Resource[];
}

/** What a target's schema makes of its slice of the config. */
export type ConfigOf<T> = T extends Target<infer Config> ? Config : never;

/** The files of one bundled function; contents as they ship. */
export interface BuiltFunction {
  plan: FunctionPlan;
  /** Paths relative to the function's folder; the first is the entry. */
  files: BuiltFile[];
  /** External source maps by the path of their file. Never shipped unless asked. */
  maps: BuiltFile[];
}

export interface BuiltFile {
  path: string;
  contents: Uint8Array;
}

/** A file of `public/`. */
export interface AssetFile {
  /** The URL path, decoded, with a leading slash. */
  path: string;
  /** Absolute, to read from. */
  source: string;
  bytes: number;
  contentType: string;
}

/** The tools that `emit` works with. Paths are relative to `dist/<target>/`. */
export interface Builder<Config = unknown> {
  app: string;
  config: Config;
  functions: BuiltFunction[];
  assets: AssetFile[];
  env: { vars: string[]; secrets: string[] };
  /** What the stores in use need, such as `{ kind: "kv", name: "LINKS" }`. The manifest names them in any case. */
  resources?: readonly Resource[];
  write(path: string, contents: string | Uint8Array): void;
  /** Copies a file of the app. */
  copy(from: string, path: string): void;
  /** A deterministic zip of these files. */
  zip(files: readonly BuiltFile[]): Uint8Array;
}

export interface Emitted {
  front: { kind: string; routes: FrontRoute[] };
  functions: {
    id: string;
    /** Relative to `dist/<target>/`. */
    entry: string;
    files: string[];
    zip?: string;
  }[];
  resources?: Resource[];
  triggers?: ManifestTrigger[];
  /** Requests that prove a release, beside those to the app's own routes: health checks that the platform's half answers. */
  verify?: VerifyRequest[];
}

/** A built artefact on disk. */
export interface Artefact {
  /** Absolute path of `dist/<target>/`. */
  root: string;
  manifest: Manifest;
}

export interface EmulateOptions {
  /** Bindings and variables that the functions see. Default: none. */
  env?: Record<string, string>;
  /** More of them for one function, by its id; they win over `env`. Default: none. */
  functionEnv?: Record<string, Record<string, string>>;
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** One of the fronts that the platform's folder names, where there are several. */
  front?: string;
  /** For an artefact of `writeDevArtefact`: code may be made of text, stacks are of sources. Default false. */
  dev?: boolean;
  /**
   * Who stands before it speaks HTTPS, and the platform's front would say so; the socket itself stays one of HTTP. A
   * platform without a front sees what it sees. Default false.
   */
  secure?: boolean;
  /**
   * In lower case, a header that nobody else can know: whoever stands before it writes the client's address there, and
   * no function sees it. Default: the client is who connects.
   */
  clientHeader?: string;
  /** A folder where bindings keep what they hold when the runtime ends. Default: in memory. */
  state?: string;
  /** Another folder for what Durable Objects hold, for several runtimes one after the other. Default: `state`. */
  objects?: string;
  /** Port of the debugger on 127.0.0.1; further processes take the next ones. Nothing is timed then. Default: none. */
  inspect?: number;
}

export interface LogLine {
  function: string;
  level: "debug" | "info" | "warn" | "error";
  text: string;
}

export interface Startup {
  /** Milliseconds of CPU from the start of the runtime until it takes requests, over a bare one. */
  startupCpu: number;
  /** Milliseconds of CPU for the first request. */
  firstUseCpu: number;
}

/** A running emulation: `emulate(artefact, tools, options)` in a platform's `emulate.ts` gives one. */
export interface Emulator {
  /** A real socket, so that raw bytes can be sent. */
  url: URL;
  fetch(request: Request): Promise<Response>;
  reload(functionIds: string[]): Promise<void>;
  /** `schedule` with `{ pattern }`; throws EMULATOR_TRIGGER_UNKNOWN for what the platform has not. */
  trigger(kind: string, data: unknown): Promise<void>;
  measure(functionId: string): Promise<Startup>;
  logs: AsyncIterable<LogLine>;
  close(): Promise<void>;
}

/** A package that an emulator needs, found from the app or from the CLI. */
export interface Tool {
  /** The package's main file, absolute: for tools that run in a process of their own. */
  path: string;
  /** Imports it and gives its namespace. */
  load(): Promise<unknown>;
}

/** By package name. */
export type Tools = Record<string, Tool>;

/**
 * What `emulate.ts` exports: `tools` (package name -> why it is needed), `fronts` (the first is the default; empty
 * where there is one) and `emulate`.
 */
export interface EmulatorModule {
  tools: Record<string, string>;
  fronts: readonly string[];
  /** Tools that only some artefacts need, as `tools`. Default: none. */
  toolsFor?(manifest: Manifest): Record<string, string>;
  /** It has use for `EmulateOptions.state`. Default false. */
  keepsState?: boolean;
  emulate(artefact: Artefact, tools: Tools, options?: EmulateOptions): Promise<Emulator>;
  /** Tables for a rehearsal's items, and the tool for it (name -> reason). Absent where the platform has none. */
  tables?: { tools: Record<string, string>; start(tools: Tools): Promise<TableServer> };
}

/** A server that speaks DynamoDB's protocol on this machine; empty, and gone when it is closed. */
export interface TableServer {
  url: URL;
  /** As DynamoDB's CreateTable is told; done when the table takes items. */
  createTable(input: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

/** What a control plane was given by a deploy: the caller's `toArtefact(upload, folder)` writes it as an artefact. */
export interface Upload {
  target: string;
  /** The front that stands before the units, or the platform's variant. */
  variant: string;
  units: readonly UploadedUnit[];
  /** In the platform's syntax; `function` is a unit's name. */
  routes: readonly FrontRoute[];
  /** A folder for what outlives a version: what Durable Objects hold. Default: in memory. */
  objects?: string;
}

export interface UploadedUnit {
  name: string;
  /** Path -> contents. */
  files: Readonly<Record<string, Uint8Array>>;
  /** One of the paths. */
  entry: string;
  env: Readonly<Record<string, string>>;
  /** Megabytes. */
  memory?: number;
  /** Milliseconds. */
  timeout?: number;
  /** As the platform's API spells them: KV namespaces, services, assets. */
  bindings?: readonly Record<string, unknown>[];
  /** What else the platform's API was told: compatibility date, runtime, handler. */
  settings?: Readonly<Record<string, unknown>>;
}
