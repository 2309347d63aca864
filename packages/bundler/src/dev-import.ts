/**
 * Modules for a runtime that imports files: one ES module a version, in `<root>/.godwit/dev/`.
 * @module
 */
import { rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createNamer } from "./bundle-names.ts";
import { MARK, META } from "./dev-compile.ts";
import { readOnly } from "./dev-folder.ts";
import type { Module, ModuleGraph, Place, Placer } from "./dev-graph.ts";
import { toPositions } from "./dev-maps.ts";
import { createRetirement, createStems } from "./dev-versions.ts";

export class ImportPlacer implements Placer {
  readonly #graph: ModuleGraph;
  readonly #folder: string;
  /** Of modules in stacks. */
  readonly #places: RegExp;
  readonly #stemOf: (module: Module) => string;
  readonly #maps = new Map<string, string>();
  readonly #retire = createRetirement((name) => this.#forget(name));

  constructor(graph: ModuleGraph, root: string, folder: string) {
    this.#graph = graph;
    this.#folder = folder;
    const { nameOf } = createNamer(root);
    this.#stemOf = createStems(({ id }) => toStem(id.startsWith("godwit:") ? id.replace(":", "-") : nameOf(id)));
    const folders = [pathToFileURL(folder).href, folder].map((one) => one.replace(/[^\w/]/g, "\\$&"));
    this.#places = new RegExp(`(?:${folders.join("|")})[/\\\\]([^\\s():]+\\.mjs):(\\d+):(\\d+)`, "g");
  }

  place(modules: readonly Module[]): void {
    try {
      for (const module of modules) this.#write(module);
    } catch (cause) {
      throw readOnly(this.#folder, cause);
    }
  }

  locate(module: Module): Place {
    return { module: pathToFileURL(join(this.#folder, this.#fileOf(module))).href };
  }

  /** A runtime that imports files asks for no text. */
  modules(): [] {
    return [];
  }

  mapStack(text: string): string {
    return text.replace(this.#places, (whole, name: string, line: string, column: string) => {
      const map = this.#maps.get(decodeURIComponent(name));
      return (map && toPositions(map, this.#folder, Number(line), Number(column))) ?? whole;
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(module: Module): void {
    const { compiled, id } = module;
    if (!compiled) throw new TypeError(`${id} is not compiled`);
    const head = preludeOf(id, compiled.code);
    const code = linkTo(compiled.code, (mark) => {
      const dep = this.#graph.byMark(mark);
      return dep && `./${encodeURIComponent(this.#fileOf(dep))}`;
    });
    const name = this.#fileOf(module);
    const file = join(this.#folder, name);
    let tail = "";
    if (compiled.map !== undefined) {
      const map = compiled.map.replace('"mappings": "', `"mappings": "${";".repeat(head.length)}`);
      writeFileSync(`${file}.map`, map);
      this.#maps.set(name, map);
      tail = `//# sourceMappingURL=${encodeURIComponent(name)}.map\n`;
    }
    writeFileSync(file, `${[...head, code].join("\n")}${tail}`);
    if (module.version > 1) this.#retire(this.#fileOf(module, module.version - 1));
  }

  #fileOf(module: Module, version: number = module.version): string {
    return `${this.#stemOf(module)}.${version}.mjs`;
  }

  #forget(name: string): void {
    this.#maps.delete(name);
    for (const file of [name, `${name}.map`]) rmSync(join(this.#folder, file), { force: true });
  }
}

/** `routes/users/[id].ts` is `routes-users-[id]`. */
function toStem(name: string): string {
  return name
    .slice(0, name.length - extname(name).length)
    .replace(/[^\w.[\]=@-]+/g, "-")
    .slice(-120);
}

/** Lines before the code: what it knows of its own place is that of its source. */
function preludeOf(id: string, code: string): string[] {
  const url = JSON.stringify(pathToFileURL(id).href);
  const lines: string[] = [];
  if (code.includes("var __require = ")) {
    lines.push(
      `import { createRequire as __godwitRequire } from "node:module"; const require = __godwitRequire(${url});`,
    );
  }
  if (code.includes(META)) lines.push(metaOf(id));
  return lines;
}

export function metaOf(id: string): string {
  const meta = { url: pathToFileURL(id).href, filename: id, dirname: dirname(id) };
  return `const ${META} = ${JSON.stringify(meta)};`;
}

/** Marks become the names of modules. A module is code, whatever attributes it was imported with. */
function linkTo(code: string, nameOf: (mark: number) => string | undefined): string {
  const references = new RegExp(`(["'])${MARK}(\\d+)\\1(?: with \\{[^}]*\\}|, \\{ with: \\{[^}]*\\} \\})?`, "g");
  return code.replace(references, (whole, _quote, mark: string) => {
    const name = nameOf(Number(mark));
    return name === undefined ? whole : JSON.stringify(name);
  });
}
