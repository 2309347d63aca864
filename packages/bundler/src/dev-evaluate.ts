/**
 * Modules for a runtime that imports no file: one text a version, in CommonJS, with everything down to packages.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { createNamer } from "./bundle-names.ts";
import { MARK } from "./dev-compile.ts";
import type { DevModule } from "./dev-contract.ts";
import type { Module, ModuleGraph, Place, Placer } from "./dev-graph.ts";
import { metaOf } from "./dev-import.ts";
import { toInlineMap, toPositions } from "./dev-maps.ts";
import { createRetirement, createStems } from "./dev-versions.ts";

interface Text {
  code: string;
  map?: string;
}

export class EvaluatePlacer implements Placer {
  readonly #graph: ModuleGraph;
  readonly #folder: string;
  /** A debugger reads the map in the text itself. */
  readonly #inspect: boolean;
  readonly #texts = new Map<string, Text>();
  readonly #stemOf: (module: Module) => string;
  readonly #retire = createRetirement((key) => this.#texts.delete(key));

  constructor(graph: ModuleGraph, root: string, folder: string, inspect = false) {
    this.#graph = graph;
    this.#folder = folder;
    this.#inspect = inspect;
    const { nameOf } = createNamer(root);
    this.#stemOf = createStems(({ id }) => (id.startsWith("godwit:") ? id : nameOf(id)).replace(/\s/g, "%20"));
  }

  place(modules: readonly Module[]): void {
    for (const module of modules) {
      if (!module.compiled) throw new TypeError(`${module.id} is not compiled`);
      const { code, map, isAsync } = module.compiled;
      // The head stands in the first line, so that lines are those of the map. Names of the module are its own.
      const body = `${isAsync ? "return (async () => {" : "(() => {"}${code}\n})();`;
      const text = code.includes("__godwit_meta") ? `${metaOf(module.id)} ${body}` : body;
      const tail = map !== undefined && this.#inspect ? `\n${toInlineMap(map, this.#folder)}` : "";
      this.#texts.set(this.#keyOf(module), { code: this.#link(text) + tail, map });
      if (module.version > 1) this.#retire(this.#keyOf(module, module.version - 1));
    }
  }

  locate(module: Module): Place {
    const reached = [...this.#graph.reach(module)];
    const externals = new Set(reached.flatMap(({ compiled }) => compiled?.externals ?? []));
    const keysOf = (modules: readonly Module[]): string[] => modules.map((one) => this.#keyOf(one));
    const isWaiting = reached.some(({ compiled }) => compiled?.isAsync);
    const awaits = isWaiting && { awaits: keysOf(inOrder(module).filter(({ compiled }) => compiled?.isAsync)) };
    return { module: this.#keyOf(module), closure: keysOf(reached), externals: [...externals], ...awaits };
  }

  modules(keys: readonly string[]): DevModule[] {
    return keys.map((key) => {
      const text = this.#texts.get(key);
      if (text) return { key, code: text.code };
      throw new GodwitError("DEV_MODULE_UNKNOWN", `There is no module ${key} any more. Send the request again.`);
    });
  }

  mapStack(text: string): string {
    return text.replace(/(\S+@\d+):(\d+):(\d+)/g, (whole, name: string, line: string, column: string) => {
      for (let at = 0; at < name.length; at++) {
        const map = this.#texts.get(name.slice(at))?.map;
        const place = map && toPositions(map, this.#folder, Number(line), Number(column));
        if (place) return `${name.slice(0, at)}${place}`;
      }
      return whole;
    });
  }

  close(): void {
    this.#texts.clear();
  }

  /** An import that was an ES module before it became a function is one, whatever Node would make of CommonJS. */
  #link(code: string): string {
    const references = new RegExp(`(__toESM\\()?require\\("${MARK}(\\d+)"\\)(, 1\\))?`, "g");
    return code.replace(references, (whole, before: string | undefined, mark: string, after: string | undefined) => {
      const module = this.#graph.byMark(Number(mark));
      if (!module) return whole;
      const interop = after && before && module.compiled?.isEsm ? ")" : (after ?? "");
      return `${before ?? ""}require(${JSON.stringify(this.#keyOf(module))})${interop}`;
    });
  }

  /** `routes/users/[id].ts@3`. */
  #keyOf(module: Module, version: number = module.version): string {
    return `${this.#stemOf(module)}@${version}`;
  }
}

/** What a module reaches, what is imported before who imports it. */
function inOrder(root: Module): Module[] {
  const seen = new Set<Module>();
  const order: Module[] = [];
  const visit = (module: Module): void => {
    if (seen.has(module)) return;
    seen.add(module);
    for (const dep of module.deps) visit(dep);
    order.push(module);
  };
  visit(root);
  return order;
}
