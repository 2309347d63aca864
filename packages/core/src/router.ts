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

/** What stands between the slashes, from index 1: before the first there is nothing. */
function splitPath(pathname: string): string[] {
  const segments = pathname === "/" ? [""] : pathname.split("/");
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
    let at = 1;
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
  params: Node[];
  /** What a segment must pass to get here. */
  test: ((value: string) => boolean) | undefined;
  end?: Row;
  rest?: Row;
  any?: Row;
}

const createNode = (test?: Node["test"]): Node => ({ statics: new Map(), params: [], test });

/** A match for many routes. The tree is built on first use, so that a module that makes one starts at once. */
export function createRouter(rows: readonly Row[]): Match {
  const whole = new Map<string, Row>();
  let root: Node | undefined;
  return (pathname) => {
    root ??= plant(rows, whole);
    let row = whole.get(pathname);
    const segments = row ? [] : splitPath(pathname);
    row ??= find(root, segments, 1);
    return row && { route: row[1], params: readParams(row[0], segments) };
  };
}

/** Rows of text alone are put into `whole` as well, by their path as it is sent: most requests need no walk. */
function plant(rows: readonly Row[], whole: Map<string, Row>): Node {
  const root = createNode();
  for (const row of rows) {
    let node = root;
    let end: "end" | "rest" | "any" = "end";
    let path = "";
    for (const part of row[0]) {
      if (typeof part === "string") {
        path += `/${part}`;
        node = grow(node.statics, part);
      } else {
        // A percent sign is never sent as it is, so it marks what is no such row.
        path += "%";
        if (part.rest) end = part.rest === "any" ? "any" : "rest";
        else node = branch(node.params, part.test);
      }
    }
    node[end] ??= row;
    if (node.end === row && !path.includes("%")) whole.set(path || "/", row);
  }
  return root;
}

function grow(statics: Map<string, Node>, text: string): Node {
  const node = statics.get(text) ?? createNode();
  statics.set(text, node);
  return node;
}

function branch(params: Node[], test: Node["test"]): Node {
  const known = params.find((param) => param.test === test);
  const node = known ?? createNode(test);
  if (!known) params.push(node);
  return node;
}

/** Depth first, the more specific branch first, and back when it leads nowhere. */
function find(node: Node, segments: readonly string[], at: number): Row | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.end ?? node.any;
  if (segment === "") return undefined;
  const known = node.statics.get(segment);
  let row = known && find(known, segments, at + 1);
  for (const param of node.params) {
    if (!row && param.test?.(segment) !== false) row = find(param, segments, at + 1);
  }
  return row ?? (segments.includes("", at) ? undefined : (node.rest ?? node.any));
}

function readParams(path: readonly RouteSegment[], segments: readonly string[]): Params {
  const params: Params = {};
  let at = 1;
  for (const part of path) {
    if (typeof part !== "string") params[part.name] = part.rest ? segments.slice(at) : segments[at];
    at++;
  }
  return params;
}
