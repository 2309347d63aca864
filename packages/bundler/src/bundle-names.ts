/**
 * Names for source files that are the same on every machine: in source maps, in reports, in errors.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

export interface Namer {
  /** `routes/users.ts`, `node_modules/zod/index.js`, `@godwit/core/src/app.ts`. */
  nameOf(file: string): string;
  /** A package's name, or a file of the app. */
  ownerOf(file: string): string;
}

/** Paths as esbuild's metafile has them: relative to the root, or `namespace:path` for what the build wrote itself. */
export function createNamer(root: string): Namer {
  const names = new Map<string, string>();
  const packages = new Map<string, { dir: string; name: string } | undefined>();

  function nameOf(file: string): string {
    let name = names.get(file);
    if (name === undefined) {
      name = toName(file);
      names.set(file, name);
    }
    return name;
  }

  function toName(file: string): string {
    const virtual = /^(godwit-[a-z]+):(.*)$/s.exec(file);
    if (virtual) return `${virtual[1]}/${virtual[2]}`;
    const absolute = isAbsolute(file) ? file : resolve(root, file);
    const posix = absolute.split(sep).join("/");
    const inside = posix.lastIndexOf("/node_modules/");
    if (inside !== -1) return posix.slice(inside + 1);
    const below = relative(root, absolute).split(sep).join("/");
    if (!below.startsWith("../") && !isAbsolute(below)) return below;
    const owner = findPackage(dirname(absolute));
    return owner
      ? `${owner.name}/${relative(owner.dir, absolute).split(sep).join("/")}`
      : (posix.split("/").pop() ?? posix);
  }

  /** The nearest package.json with a name: a workspace package that is linked into the app. */
  function findPackage(dir: string): { dir: string; name: string } | undefined {
    if (packages.has(dir)) return packages.get(dir);
    const file = join(dir, "package.json");
    const name = existsSync(file) ? readName(file) : undefined;
    const parent = dirname(dir);
    const found = name ? { dir, name } : parent === dir ? undefined : findPackage(parent);
    packages.set(dir, found);
    return found;
  }

  function ownerOf(file: string): string {
    const name = nameOf(file);
    if (name.startsWith("godwit-")) return "(entry)";
    const bare = name.startsWith("node_modules/") ? name.slice("node_modules/".length) : name;
    if (bare === name && !name.startsWith("@")) return name;
    const parts = bare.split("/");
    return bare.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? bare);
  }

  return { nameOf, ownerOf };
}

function readName(file: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const name = value && typeof value === "object" && "name" in value ? value.name : undefined;
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined; // a broken package.json is the package manager's matter: the next one above is asked
  }
}

/** `@scope/name` or `name` of a bare specifier; undefined for a path, a URL or a `#import`. */
export function packageOf(specifier: string): string | undefined {
  const match = /^(@[^/:]+\/[^/:]+|[^@./#:][^/:]*)(\/|$)/.exec(specifier);
  return match?.[1];
}
