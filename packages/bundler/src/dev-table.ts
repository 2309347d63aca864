/**
 * The routes of `godwit dev` as the files lie now. A scan that fails leaves those of the last good one.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultsOf } from "./analyse.ts";
import { realPath } from "./dev-compile.ts";
import type { DevFailure } from "./dev-contract.ts";
import { errorToFailure, nameFor } from "./dev-failure.ts";
import { scanApp } from "./scan.ts";
import type { ScannedApp, ScannedRoute } from "./steps.ts";
import { writeTypes } from "./types-file.ts";

export class RouteTable {
  readonly #root: string;
  readonly #stores: readonly string[];
  /** Files whose coming or going was seen; scanned ones are among them. */
  readonly #names = new Set<string>();
  app: ScannedApp;
  byPattern: ReadonlyMap<string, ScannedRoute> = new Map();
  /** By absolute path. */
  byFile: ReadonlyMap<string, ScannedRoute> = new Map();
  /** Files that are imported by their default export -> what that must be. */
  defaults: ReadonlyMap<string, string> = new Map();
  /** Why the last scan failed, if it did. */
  failure: DevFailure | undefined;

  /** `stores` are their names in the config. Writes the app's types. */
  constructor(root: string, app: ScannedApp, stores: readonly string[]) {
    this.#root = root;
    this.#stores = stores;
    this.app = app;
    this.#take(app);
  }

  /** Whether a scan would find other files, of those that were written, made or deleted. */
  haveComeOrGone(files: readonly string[]): boolean {
    let isNew = this.failure !== undefined;
    for (const file of files) {
      const name = nameFor(this.#root, realPath(file));
      const isScanned = /^(?:routes|matchers|public)(?:\/|$)|^env\.\w+$/.test(name);
      if (!isScanned || existsSync(file) === this.#names.has(name)) continue;
      isNew = true;
      if (!this.#names.delete(name)) this.#names.add(name);
    }
    return isNew;
  }

  /** Reads the folders again; false where that fails. */
  async scan(): Promise<boolean> {
    try {
      const app = await scanApp(this.#root);
      this.failure = undefined;
      this.#take(app);
      return true;
    } catch (error) {
      this.failure = errorToFailure(error);
      return false;
    }
  }

  #take(app: ScannedApp): void {
    writeTypes(app, this.#stores);
    this.app = app;
    this.defaults = defaultsOf(app);
    this.byPattern = new Map(app.routes.map((route) => [route.pattern, route]));
    this.byFile = new Map(app.routes.map((route) => [join(this.#root, route.file), route]));
    const files = [
      ...app.routes.flatMap(({ file, middleware }) => [file, ...middleware]),
      ...app.rootMiddleware,
      ...Object.values(app.matchers),
      ...[app.notFound, app.error, app.env].filter((file) => file !== undefined),
      ...app.assets.map(({ source }) => nameFor(this.#root, source)),
    ];
    for (const file of files) this.#names.add(file);
  }
}
