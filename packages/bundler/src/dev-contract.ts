/**
 * What `godwit dev` is made of, between its three parts: the module graph (this package), the app that swaps modules
 * inside the platform's runtime (this package, `dev-swap*.ts`), and the server that a user sees (`cli/src/dev`).
 * Types only.
 *
 * In development no bundle of the app is made. Every file of the app is one module, transformed alone by esbuild and
 * kept until it or something that it imports changes. Every route is a function of its own: `appSource` of that one
 * route, as on a platform that splits. A `dispatcher` picks the route, so that matchers of the app's own run where they
 * will run. The runtime is the platform's own, under its own emulator: it runs an artefact of one function (one a
 * variant in use) whose `godwit:app` is the swapping app.
 *
 * The swapping app asks before each request (`POST <url>/app`), so that an answer after a save is the new code's:
 * nothing is pushed, and requests on their way keep the modules that they began with.
 * @module
 */
import type { StoreDriver } from "@godwit/core/types";
import type { Notice } from "./steps.ts";

/** How a runtime takes modules: Node imports files, an isolate that cannot is given text for functions. */
export type DevFormat = "import" | "evaluate";

/** `POST <url>/app`: what serves this path now. */
export interface DevAsk {
  format: DevFormat;
  /**
   * `dispatcher` first, which is cached by its version; then the id that it gave, or "" where nothing matches (the
   * root middleware and `_not-found.ts`).
   */
  id: string;
  /** With `dispatcher`: the id that the dispatcher of before gives, so that one answer does. May be left unheeded. */
  guess?: string;
}

/** The answer to it: 200 with this, or 500 with `DevFailure`. */
export interface DevAnswer {
  /** Changes whenever the module or anything that it reaches does: what the swapping app keys its apps by. */
  version: string;
  /** `import`: the file URL of the module to import. `evaluate`: the key of the module. */
  module: string;
  /** `evaluate`: the keys of all modules that it reaches, itself included; what the runtime lacks it asks for. */
  closure?: string[];
  /** `evaluate`: keys of modules that await while they load, in the order in which they have to. */
  awaits?: string[];
  /** `evaluate`: what the runtime has to import itself before (`node:*`, `cloudflare:*`). */
  externals?: string[];
  /** Variables as the `.env` files and the shell say now. */
  env: Record<string, string>;
  /** Of the ask's `guess`, unless that is gone or cannot be built. */
  guessed?: Omit<DevAnswer, "env" | "guessed">;
}

/** `POST <url>/modules` with keys: their texts. */
export interface DevModule {
  /** `routes/users/[id].ts@3`. */
  key: string;
  /**
   * The body of `(require, module, exports, meta) => void`, of one that gives a promise where it is among the `awaits`;
   * `require` takes keys and externals.
   */
  code: string;
}

/** What cannot be built or, said by the runtime itself (`POST <url>/failed`), cannot be loaded. */
export interface DevFailure {
  /** A GodwitError's code, such as `DEV_BUILD_FAILED`, `DEV_LOAD_FAILED`. */
  code: string;
  message: string;
  /** Relative to the app's folder. */
  file?: string;
  /** From 1. */
  line?: number;
  column?: number;
  /** A few source lines with the place marked, plain text. */
  frame?: string;
  stack?: string;
}

export interface DevOptions {
  /** The app's folder, absolute. */
  root: string;
  /** Resolves `@godwit/adapters/*` and, for an app without one, core: a file URL. */
  adaptersFrom: string;
  /** How packages are found for the target: those of its variant's `EsbuildSettings`. */
  settings: import("./contracts.ts").EsbuildSettings;
  /** Packages that stay imports of the runtime (format `import` keeps all of node_modules that way). */
  external: readonly string[];
  /** Each store's driver on the target: `chooseStores`. Default: none. */
  stores?: Record<string, StoreDriver>;
  /** Whoever wants to be told what a route reaches and the platform lacks. Default: nobody. */
  gaps?: Omit<import("./dev-gaps.ts").GapOptions, "external">;
  /** How the runtime takes modules, for files that are looked at before it asks. Default `import`. */
  format?: DevFormat;
  /** Whether a runtime of this graph serves a route, by its pattern: failures of the others are not told. Default: it does. */
  serves?(pattern: string): boolean;
  /** A debugger may attach: texts carry their maps, and no handler is timed. Default false. */
  inspect?: boolean;
}

/** The module graph of one app for one variant's settings. `openDev(options)` in `dev.ts` makes one. */
export interface DevGraph {
  /** The routes as the files lie now, the more specific first; matchers of the app's own count as always true. */
  readonly routes: readonly { id: string; pattern: string; file: string }[];
  readonly notices: readonly Notice[];
  /**
   * Brings a module up to date, with all that it reaches, and says where it is. While a file cannot be built, its last
   * good version is served; rejects with GodwitError only where there never was one.
   */
  resolve(ask: DevAsk): Promise<Omit<DevAnswer, "env">>;
  /** Format `evaluate`. Throws DEV_MODULE_UNKNOWN for a key that was never given out. */
  modules(keys: readonly string[]): DevModule[];
  /**
   * Files that were written, made or deleted: absolute paths. Rebuilds those that the graph holds, rescans where names
   * under `routes/`, `matchers/` or `env.ts` come or go, and says what is wrong now. Calls are put in a row.
   */
  change(files: readonly string[]): Promise<DevChange>;
  /** Files of the app's own with a syntax error, absolute, whether or not anybody has asked for them. */
  broken(): Promise<string[]>;
  /** Every app is made anew: their env has changed. */
  renew(): void;
  /** Positions in modules become positions in the user's files; text without any stays as it is. */
  mapStack(text: string): string;
  close(): Promise<void>;
}

export interface DevChange {
  /** Relative to the root: files whose modules are new. */
  updated: string[];
  /** Came and went in the table of routes, as patterns. */
  added: string[];
  removed: string[];
  /** What a module imports or what a route's config says is not as before: which runtime takes a route may be another. */
  relinked: boolean;
  /** What cannot be built as of now, old failures that still stand included; empty when all is well. */
  failures: DevFailure[];
}
