/**
 * From a pathname to a route. A path is split once, each segment decoded once, and the most specific pattern wins.
 * An empty segment (`//`, a trailing slash) matches nothing; malformed percent-encoding is a 400.
 * @module
 */
import { HttpError } from "./errors.ts";
import type { Match, Params, Route } from "./types.ts";

/** One segment as the build writes it: static text, or a parameter. */
export type RouteSegment = string | { name: string; test?: (value: string) => boolean; rest?: "one-or-more" | "any" };

/** One path to a route, without optionals. The build orders rows, the more specific first. */
export type Row = readonly [path: readonly RouteSegment[], route: Route];

function splitPath(pathname: string): string[] {
  if (pathname === "/") return [];
  const segments = pathname.slice(1).split("/");
  if (!pathname.includes("%")) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    throw new HttpError(400, { code: "PATH_MALFORMED", detail: "The path is not valid percent-encoded UTF-8." });
  }
}

/** A match for one route without optionals: smaller than a router, for a function that serves nothing else. */
export function onePattern(path: readonly RouteSegment[], route: Route): Match {
  return (pathname) => {
    const segments = splitPath(pathname);
    const params: Params = {};
    let at = 0;
    for (const part of path) {
      if (typeof part === "string") {
        if (segments[at++] !== part) return undefined;
      } else if (part.rest) {
        const rest = segments.slice(at);
        if (rest.includes("") || (part.rest !== "any" && rest.length === 0)) return undefined;
        params[part.name] = rest;
        at = segments.length;
      } else {
        const value = segments[at++];
        if (!value || part.test?.(value) === false) return undefined;
        params[part.name] = value;
      }
    }
    return at === segments.length ? { route, params } : undefined;
  };
}

interface Node {
  statics: Map<string, Node>;
  /** In the order of the rows: those with a test come first. */
  params: { test: ((value: string) => boolean) | undefined; node: Node }[];
  end?: Row;
  rest?: Row;
  any?: Row;
}

const createNode = (): Node => ({ statics: new Map(), params: [] });

/** A match for many routes. The tree is built on first use, so that a module that makes one starts at once. */
export function createRouter(rows: readonly Row[]): Match {
  let root: Node | undefined;
  return (pathname) => {
    root ??= plant(rows);
    const segments = splitPath(pathname);
    const row = find(root, segments, 0);
    return row && { route: row[1], params: readParams(row[0], segments) };
  };
}

function plant(rows: readonly Row[]): Node {
  const root = createNode();
  for (const row of rows) {
    let node = root;
    let rest: "rest" | "any" | undefined;
    for (const part of row[0]) {
      if (typeof part === "string") node = node.statics.get(part) ?? grow(node.statics, part);
      else if (part.rest) rest = part.rest === "any" ? "any" : "rest";
      else node = branch(node, part.test);
    }
    node[rest ?? "end"] ??= row;
  }
  return root;
}

function grow(statics: Map<string, Node>, text: string): Node {
  const node = createNode();
  statics.set(text, node);
  return node;
}

function branch(parent: Node, test: ((value: string) => boolean) | undefined): Node {
  const known = parent.params.find((param) => param.test === test);
  if (known) return known.node;
  const node = createNode();
  parent.params.push({ test, node });
  return node;
}

/** Depth first, the more specific branch first, and back when it leads nowhere. */
function find(node: Node, segments: readonly string[], at: number): Row | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.end ?? node.any;
  if (segment === "") return undefined;
  const known = node.statics.get(segment);
  let row = known && find(known, segments, at + 1);
  for (let index = 0; !row && index < node.params.length; index++) {
    const param = node.params[index];
    if (param && param.test?.(segment) !== false) row = find(param.node, segments, at + 1);
  }
  if (row) return row;
  const rest = node.rest ?? node.any;
  return rest && !segments.includes("", at) ? rest : undefined;
}

function readParams(path: readonly RouteSegment[], segments: readonly string[]): Params {
  const params: Params = {};
  path.forEach((part, index) => {
    if (typeof part !== "string") params[part.name] = part.rest ? segments.slice(index) : segments[index];
  });
  return params;
}
