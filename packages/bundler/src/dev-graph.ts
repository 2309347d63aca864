/**
 * The modules of the app for one format: what is compiled, who imports whom, and which are new.
 *
 * A module is stale when it, or anything that it reaches, has changed since it was last placed: so all importers of a
 * stale module are stale too. Placing one gives a new version to every stale module that it reaches, and to no other.
 * @module
 */
import { existsSync } from "node:fs";
import { type Compiled, type CompileOptions, compile, MARK } from "./dev-compile.ts";
import type { DevAnswer, DevFailure, DevModule } from "./dev-contract.ts";
import { failed, nameFor } from "./dev-failure.ts";
import { compileGenerated } from "./dev-generated.ts";

export interface Module {
  /** An absolute path, or `godwit:...`. */
  readonly id: string;
  /** Its mark in the code of importers. */
  readonly mark: number;
  /** Of what is generated; undefined until it is. */
  source?: string;
  /** The last good code. */
  compiled?: Compiled;
  deps: Module[];
  readonly importers: Set<Module>;
  /** To be compiled again. */
  dirty: boolean;
  stale: boolean;
  failure?: DevFailure;
  /** Of the placed one; 0 before. */
  version: number;
}

/** Where modules are put for the runtime. */
export interface Placer {
  /** All their versions and those of what they import are final. */
  place(modules: readonly Module[]): void;
  locate(module: Module): Place;
  /** Throws DEV_MODULE_UNKNOWN. */
  modules(keys: readonly string[]): DevModule[];
  mapStack(text: string): string;
  close(): void;
}

export type Place = Omit<DevAnswer, "env" | "guessed" | "version">;

const REFERENCE = new RegExp(`(["'])${MARK}(\\d+)\\1`, "g");

const STAR = new RegExp(`^export \\* from "${MARK}(\\d+)"|^__reExport\\(\\w+, require\\("${MARK}(\\d+)"\\)`, "gm");

export class ModuleGraph {
  readonly #modules = new Map<string, Module>();
  readonly #marks: Module[] = [];
  readonly #inlined = new Map<string, Set<Module>>();
  /** Grows whenever a module imports something else than before. */
  links = 0;
  readonly #options: Omit<CompileOptions, "markOf">;
  readonly #placer: Placer;
  /** Generated sources that depend on what was compiled are brought up to date here. */
  readonly #refresh: (module: Module) => boolean;

  constructor(
    options: Omit<CompileOptions, "markOf">,
    placer: (graph: ModuleGraph) => Placer,
    refresh: (module: Module) => boolean,
  ) {
    this.#options = options;
    this.#placer = placer(this);
    this.#refresh = refresh;
  }

  /** The module of that id, made where there is none. */
  module(id: string): Module {
    const known = this.#modules.get(id);
    if (known) return known;
    const module: Module = {
      id,
      mark: this.#marks.length,
      deps: [],
      importers: new Set(),
      dirty: true,
      stale: true,
      version: 0,
    };
    if (id === "godwit:empty") module.source = "module.exports = {};";
    this.#modules.set(id, module);
    this.#marks.push(module);
    return module;
  }

  find(id: string): Module | undefined {
    return this.#modules.get(id);
  }

  byMark(mark: number): Module | undefined {
    return this.#marks[mark];
  }

  get failing(): Module[] {
    return [...this.#modules.values()].filter(({ failure }) => failure);
  }

  get generated(): Module[] {
    return [...this.#modules.values()].filter(({ id }) => id.startsWith("godwit:"));
  }

  /** What a module exports whole: `export * from`. */
  stars({ compiled }: Module): Module[] {
    const marks = compiled?.code.matchAll(STAR) ?? [];
    return [...marks].flatMap(([, one, two]) => this.#marks[Number(one ?? two)] ?? []);
  }

  /** What holds the text of a file: its own module, and those that took it in. */
  holders(file: string): Module[] {
    const own = this.#modules.get(file);
    return [...(own ? [own] : []), ...(this.#inlined.get(file) ?? [])];
  }

  /** Compiles these where they are dirty and all that they reach and is not there yet; returns those that changed. */
  async update(roots: readonly Module[]): Promise<Module[]> {
    const changed: Module[] = [];
    for (;;) {
      const wave = this.#pending(roots);
      if (wave.length === 0) return changed;
      const gone = wave.filter(({ id, source }) => source === undefined && !existsSync(id));
      for (const module of gone) this.fail(module, this.#deleted(module));
      const options = { ...this.#options, markOf: (id: string) => String(this.module(id).mark) };
      const inputs = wave.filter((module) => {
        const compiled = module.source === undefined ? undefined : compileGenerated(module.source, options);
        if (compiled && this.#accept(module, compiled)) changed.push(module);
        return !compiled && !gone.includes(module);
      });
      if (inputs.length === 0) continue;
      const results = await compile(inputs, options);
      for (const module of inputs) {
        const result = results.get(module.id);
        if (!result) throw new TypeError(`esbuild gave nothing for ${module.id}`);
        if (!("isEsm" in result)) this.fail(module, result);
        else if (this.#accept(module, result)) changed.push(module);
      }
    }
  }

  /** Whether all that it reaches can be placed. */
  isWhole(root: Module): boolean {
    return [...this.reach(root)].every(({ compiled }) => compiled);
  }

  reach(root: Module): Set<Module> {
    const seen = new Set([root]);
    for (const module of seen) for (const dep of module.deps) seen.add(dep);
    return seen;
  }

  /** Generated modules that reach one of these. */
  above(modules: readonly Module[]): Module[] {
    const seen = new Set(modules);
    for (const module of seen) for (const importer of module.importers) seen.add(importer);
    return [...seen].filter(({ id }) => id.startsWith("godwit:"));
  }

  /** Gives new versions to what is stale below, and puts it where the runtime finds it. */
  place(root: Module): void {
    if (!root.stale) return;
    const seen = new Set([root]);
    for (const module of seen) for (const dep of module.deps) if (dep.stale) seen.add(dep);
    for (const module of seen) {
      module.version++;
      module.stale = false;
    }
    try {
      this.#placer.place([...seen]);
    } catch (error) {
      for (const module of seen) this.spoil(module);
      throw error;
    }
  }

  /** The module and all that import it, near or far, are to be placed anew. */
  spoil(module: Module): void {
    const spoiled = new Set([module]);
    for (const one of spoiled) {
      one.stale = true;
      for (const importer of one.importers) if (!importer.stale) spoiled.add(importer);
    }
  }

  /** Dirty modules that can be compiled, and new ones that something reaches. */
  #pending(roots: readonly Module[]): Module[] {
    const wave: Module[] = [];
    const seen = new Set(roots);
    for (const module of seen) {
      if (module.dirty && this.#isReady(module)) wave.push(module);
      for (const dep of module.deps) if (dep.stale || dep.dirty) seen.add(dep);
    }
    return wave;
  }

  /** A generated module whose source is the same as before needs no more. */
  #isReady(module: Module): boolean {
    if (!module.id.startsWith("godwit:")) return true;
    const before = module.source;
    if (!this.#refresh(module)) return false;
    if (module.source !== before || !module.compiled) return true;
    module.dirty = false;
    module.failure = undefined;
    return false;
  }

  #accept(module: Module, compiled: Compiled): boolean {
    module.dirty = false;
    module.failure = undefined;
    const before = module.compiled;
    module.compiled = compiled;
    if (before?.code === compiled.code && before.map === compiled.map) return false;
    if (before?.externals.join() !== compiled.externals.join()) this.links++;
    const marks = new Set([...compiled.code.matchAll(REFERENCE)].map(([, , mark]) => Number(mark)));
    this.link(
      module,
      [...marks].flatMap((mark) => this.#marks[mark] ?? []),
    );
    for (const file of before?.inlined ?? []) this.#inlined.get(file)?.delete(module);
    for (const file of compiled.inlined) {
      this.#inlined.set(file, (this.#inlined.get(file) ?? new Set()).add(module));
    }
    this.spoil(module);
    return true;
  }

  link(module: Module, deps: Module[]): void {
    if (deps.length !== module.deps.length || deps.some((dep) => !module.deps.includes(dep))) this.links++;
    for (const dep of module.deps) dep.importers.delete(module);
    for (const dep of deps) dep.importers.add(module);
    module.deps = deps;
  }

  fail(module: Module, failure: DevFailure): void {
    module.dirty = false;
    module.failure = failure;
  }

  #deleted(module: Module): DevFailure {
    const { root } = this.#options;
    const importers = [...module.importers]
      .map(({ id }) => nameFor(root, id))
      .filter((name) => !name.includes("godwit:"));
    const by =
      importers.length > 0
        ? `, and ${importers.slice(0, 3).join(", ")} import${importers.length === 1 ? "s" : ""} it`
        : "";
    const file = nameFor(root, module.id);
    return failed(`${file} is not there${by}. Bring it back, or take the import out.`, { file });
  }
}
