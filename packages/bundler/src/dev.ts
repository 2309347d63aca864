/**
 * The module graph of `godwit dev`: every file of the app is one module, made when it is first asked for and again when
 * it changes.
 * @module
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { transform } from "esbuild";
import { requireDefault } from "./analyse.ts";
import { realPath } from "./dev-compile.ts";
import type {
  DevAnswer,
  DevAsk,
  DevChange,
  DevFailure,
  DevFormat,
  DevGraph,
  DevModule,
  DevOptions,
} from "./dev-contract.ts";
import { EvaluatePlacer } from "./dev-evaluate.ts";
import { errorToFailure, failureToError, nameFor } from "./dev-failure.ts";
import { openDevFolder } from "./dev-folder.ts";
import { createGaps, type Gaps } from "./dev-gaps.ts";
import { type Module, ModuleGraph, type Placer } from "./dev-graph.ts";
import { ImportPlacer } from "./dev-import.ts";
import {
  DISPATCHER,
  defaultsIn,
  dispatcherSource,
  namesBelow,
  patternOf,
  type RouteFacts,
  readExports,
  readRoute,
  routeModule,
  routeSource,
} from "./dev-routes.ts";
import { RouteTable } from "./dev-table.ts";
import { findBroken, modulesOver } from "./dev-unasked.ts";
import { scanApp } from "./scan.ts";
import type { Notice, ScannedApp, ScannedRoute } from "./steps.ts";

/**
 * Opens the module graph of an app. Only paths are read here: a module is made when it is asked for. Throws what
 * `scanApp` throws, and DEV_READ_ONLY when `<root>/.godwit/` cannot be written.
 *
 * @example
 * const graph = await openDev({ root, adaptersFrom: import.meta.url, settings, external: [] });
 * const { module } = await graph.resolve({ format: "import", id: "/users/[id]" });
 */
export async function openDev(options: DevOptions): Promise<DevGraph> {
  const root = realpathSync(options.root);
  // esbuild has a process of its own, which starts while the folders are listed.
  transform("").catch(() => {});
  const app = await scanApp(root);
  return new Dev({ ...options, root }, app);
}

interface Side {
  graph: ModuleGraph;
  placer: Placer;
}

class Dev implements DevGraph {
  readonly #options: DevOptions;
  readonly #root: string;
  readonly #sides = new Map<DevFormat, Side>();
  /** Answers of esbuild that hold as long as the server runs. */
  readonly #known = new Map<string, string>();
  readonly #facts = new WeakMap<object, { pattern: string; facts: RouteFacts }>();
  readonly #table: RouteTable;
  /** Compiled files that have one. */
  readonly #checked = new WeakSet<object>();
  #generation = 0;
  readonly #gaps: Gaps | undefined;
  /** What the config of a route said last. */
  readonly #configs = new Map<string, string>();
  /** Grows when one says something else. */
  #configured = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DevOptions, app: ScannedApp) {
    this.#options = options;
    this.#root = options.root;
    this.#table = new RouteTable(options.root, app, Object.keys(options.stores ?? {}));
    this.#gaps = options.gaps && createGaps({ ...options.gaps, external: options.external });
  }

  get routes(): DevGraph["routes"] {
    return this.#table.app.routes.map(({ pattern, file }) => ({ id: pattern, pattern, file }));
  }

  get notices(): readonly Notice[] {
    return this.#table.app.notices ?? [];
  }

  resolve(ask: Pick<DevAsk, "format" | "id">): Promise<Omit<DevAnswer, "env">> {
    return this.#inTurn(() => this.#resolve(ask));
  }

  change(files: readonly string[]): Promise<DevChange> {
    return this.#inTurn(() => this.#change(files));
  }

  modules(keys: readonly string[]): DevModule[] {
    return this.#side("evaluate").placer.modules(keys);
  }

  broken(): Promise<string[]> {
    return findBroken(this.#table.app);
  }

  renew(): void {
    this.#generation++;
  }

  mapStack(text: string): string {
    let mapped = text;
    for (const { placer } of this.#sides.values()) mapped = placer.mapStack(mapped);
    return mapped;
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    this.#gaps?.close();
    for (const { placer } of this.#sides.values()) placer.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work);
    this.#last = done;
    return done;
  }

  #side(format: DevFormat): Side {
    const known = this.#sides.get(format);
    if (known) return known;
    const root = this.#root;
    const folder = format === "import" ? openDevFolder(root) : join(root, ".godwit");
    let placer: Placer | undefined;
    const graph = new ModuleGraph(
      { ...this.#options, format, folder, known: this.#known },
      (one) => {
        placer =
          format === "import"
            ? new ImportPlacer(one, root, folder)
            : new EvaluatePlacer(one, root, folder, this.#options.inspect);
        return placer;
      },
      (module) => this.#refresh(graph, module),
    );
    if (!placer) throw new TypeError("the graph asked for no placer");
    const side = { graph, placer };
    this.#sides.set(format, side);
    return side;
  }

  async #resolve({ format, id }: Pick<DevAsk, "format" | "id">): Promise<Omit<DevAnswer, "env">> {
    const { graph, placer } = this.#side(format);
    const isFront = id === "" || id === "dispatcher";
    if (!isFront && !this.#table.byPattern.has(id)) {
      throw new GodwitError("DEV_ROUTE_UNKNOWN", `There is no route ${id} any more. Ask the dispatcher again.`);
    }
    const module = graph.module(isFront ? DISPATCHER : routeModule(id));
    if (module.dirty || module.stale) {
      await graph.update([module]);
      if (!module.failure && graph.isWhole(module)) graph.place(module);
      else if (module.version === 0) throw failureToError(this.#why(graph, module));
      this.#lookAt(graph, module);
    }
    return { ...placer.locate(module), version: `${module.version}.${this.#generation}` };
  }

  #lookAt(graph: ModuleGraph, module: Module): void {
    const route = this.#table.byPattern.get(patternOf(module.id) ?? "");
    if (route) this.#gaps?.look(this.#table.app, route, graph.reach(module));
  }

  /** Why a module cannot be served. */
  #why(graph: ModuleGraph, module: Module): DevFailure {
    if (module.failure) return module.failure;
    for (const { compiled, failure } of graph.reach(module)) if (!compiled && failure) return failure;
    throw new TypeError(`${module.id} is not whole, and nothing failed`);
  }

  async #change(given: readonly string[]): Promise<DevChange> {
    const files = [...new Set(given.map(realPath))];
    const before = new Set(this.#table.byPattern.keys());
    if (this.#table.haveComeOrGone(given)) await this.#rescan();
    const updated = new Set<string>();
    const failures = new Map<string, DevFailure>();
    if (this.#table.failure) failures.set("scan", this.#table.failure);
    const asked = this.#links();
    this.#askAfter(files);
    for (const { graph } of this.#sides.values()) {
      const changed = await this.#bringUp(graph, files);
      if (this.#links() !== asked) for (const one of graph.above(changed)) this.#lookAt(graph, one);
      for (const { id, version } of changed) {
        // What was only compiled to see whether it is well is no news.
        if (!id.startsWith("godwit:") && (version > 0 || files.includes(id))) updated.add(nameFor(this.#root, id));
      }
      for (const module of graph.failing) {
        const { failure } = module;
        if (!failure || !this.#isLive(module)) continue;
        failures.set(`${failure.file} ${failure.line} ${failure.message}`, failure);
      }
    }
    return {
      updated: [...updated].sort(),
      added: [...this.#table.byPattern.keys()].filter((pattern) => !before.has(pattern)),
      removed: [...before].filter((pattern) => !this.#table.byPattern.has(pattern)),
      relinked: this.#links() !== asked,
      failures: [...failures.values()],
    };
  }

  #links(): number {
    return [...this.#sides.values()].reduce((sum, { graph }) => sum + graph.links, this.#configured);
  }

  /** Files that no request has reached become part of the graph, so that what is wrong with them is known. */
  #askAfter(files: readonly string[]): void {
    const isHeld = (file: string) => [...this.#sides.values()].some(({ graph }) => graph.holders(file).length > 0);
    const unasked = files.filter((file) => !isHeld(file));
    if (unasked.length === 0) return;
    const { format = "import", serves = () => true } = this.#options;
    const patterns = [...this.#table.byPattern.keys()].filter(serves);
    const ids = modulesOver({ app: this.#table.app, patterns, files: unasked });
    if (ids.size === 0) return;
    const { graph } = this.#side(format);
    for (const id of ids) graph.module(id);
  }

  /** Compiles what these files change and what failed before; generated modules follow their route files. */
  async #bringUp(graph: ModuleGraph, files: readonly string[]): Promise<Module[]> {
    const dirty = new Set(graph.failing);
    for (const file of files) {
      for (const module of graph.holders(file)) {
        dirty.add(module);
        // Its importers say where they miss it, or find another file in its place.
        if (!existsSync(file)) for (const importer of module.importers) dirty.add(importer);
      }
    }
    for (const module of dirty) module.dirty = true;
    const changed = await graph.update([...dirty].filter(({ id }) => !id.startsWith("godwit:")));
    for (const { id } of changed) {
      const route = this.#table.byFile.get(id);
      const module = route && graph.find(routeModule(route.pattern));
      if (module) module.dirty = true;
      const file = nameFor(this.#root, id);
      if (this.#table.defaults.has(file)) this.#spotDefault(graph, file);
    }
    return [
      ...changed,
      ...(await graph.update(graph.generated.filter((module) => module.dirty && this.#isServed(module)))),
    ];
  }

  /** Who imports a file that has lost its default export is to say so. */
  #spotDefault(graph: ModuleGraph, file: string): void {
    const module = this.#moduleOf(graph, file);
    try {
      this.#requireDefault(module, file);
    } catch {
      for (const importer of module.importers) if (this.#isServed(importer)) importer.dirty = true;
    }
  }

  #isServed({ id }: Module): boolean {
    const pattern = patternOf(id);
    if (pattern === undefined) return id === DISPATCHER;
    return this.#table.byPattern.has(pattern) && this.#options.serves?.(pattern) !== false;
  }

  /** Whether a route that is there, or the dispatcher, reaches the module. */
  #isLive(module: Module): boolean {
    const seen = new Set([module]);
    for (const one of seen) {
      if (this.#isServed(one)) return true;
      for (const importer of one.importers) seen.add(importer);
    }
    return false;
  }

  /** Writes the source of a generated module; false while a file that it depends on is still to be compiled. */
  #refresh(graph: ModuleGraph, module: Module): boolean {
    const pattern = patternOf(module.id);
    if (pattern === undefined && module.id !== DISPATCHER) return true;
    const route = this.#table.byPattern.get(pattern ?? "");
    if (pattern !== undefined && !route) return false;
    const { stores } = this.#options;
    const needed = new Set<Module>();
    try {
      if (route && !this.#has(graph, route.file, needed)) return false;
      const source = route
        ? routeSource(this.#table.app, route, this.#factsOf(graph, route), stores)
        : dispatcherSource(this.#table.app, stores);
      const files = defaultsIn(source).filter((file) => this.#table.defaults.has(file));
      if (!files.map((file) => this.#has(graph, file, needed)).every(Boolean)) return false;
      for (const file of files) this.#requireDefault(this.#moduleOf(graph, file), file);
      module.source = source;
      return true;
    } catch (error) {
      graph.fail(module, errorToFailure(error, route?.file));
      return false;
    } finally {
      const lacking = [...needed].filter((one) => !module.deps.includes(one));
      if (lacking.length > 0) graph.link(module, [...module.deps, ...lacking]);
    }
  }

  #moduleOf(graph: ModuleGraph, file: string): Module {
    return graph.module(realPath(join(this.#root, file)));
  }

  /** Whether a file is there to be read, compiled; it is noted as needed. */
  #has(graph: ModuleGraph, file: string, needed: Set<Module>): boolean {
    const module = this.#moduleOf(graph, file);
    needed.add(module);
    return !module.dirty && module.compiled !== undefined;
  }

  /** Looks once at each compiled file. */
  #requireDefault({ id, compiled }: Module, file: string): void {
    if (!compiled || this.#checked.has(compiled)) return;
    const exports = readExports(file, readFileSync(id, "utf8")).names;
    requireDefault(file, { exports, commonjs: compiled.isCommonJs }, this.#table.defaults.get(file) ?? "");
    this.#checked.add(compiled);
  }

  #factsOf(graph: ModuleGraph, route: ScannedRoute): RouteFacts {
    const file = this.#moduleOf(graph, route.file);
    const { compiled } = file;
    const known = compiled && this.#facts.get(compiled);
    if (known?.pattern === route.pattern) return known.facts;
    const facts = readRoute(this.#root, route, compiled?.isCommonJs === true, () => namesBelow(graph, file));
    // Who stops at a breakpoint is not late.
    if (this.#options.inspect) facts.config = { ...facts.config, timeout: undefined };
    if (compiled) this.#facts.set(compiled, { pattern: route.pattern, facts });
    const config = JSON.stringify(facts.config);
    if (this.#configs.get(route.pattern) !== config) this.#configured++;
    this.#configs.set(route.pattern, config);
    return facts;
  }

  async #rescan(): Promise<void> {
    if (!(await this.#table.scan())) return;
    for (const { graph } of this.#sides.values()) for (const module of graph.generated) module.dirty = true;
  }
}
