/**
 * Chooses a route as API Gateway does: the most specific path, then the method before ANY, then `$default`
 * (developer guide, "Create routes for HTTP APIs", "Routing API requests").
 * @module
 */
import type { FrontRoute } from "@godwit/core/manifest";

export interface Matched {
  /** As in the manifest: `GET /users/{id}`, `$default`. */
  routeKey: string;
  /** The route's path: `/users/{id}`; undefined for `$default`. */
  resource?: string;
  /** Text of the path's variables, as in the path. */
  params: Record<string, string>;
  function: string;
}

interface Route extends FrontRoute {
  method: string;
  segments: string[];
  resource: string;
}

export type FrontRouter = (method: string, path: string) => Matched | undefined;

/**
 * Paths are compared segment by segment. They come as they were sent and are decoded for the comparison only, unless
 * `decoded`: then they are compared as they are.
 */
export function createFrontRouter(rows: readonly FrontRoute[], decoded = false): FrontRouter {
  const read = decoded ? String : decode;
  const fallback = rows.find((row) => row.match === "$default");
  const routes = rows.filter((row) => row.match !== "$default").map(toRoute);
  return (method, path) => {
    let best: { route: Route; params: Record<string, string>; rank: string } | undefined;
    const parts = path.split("/").slice(1);
    for (const route of routes) {
      if (route.method !== "ANY" && route.method !== method) continue;
      const params = matchSegments(route.segments, parts, read);
      if (!params) continue;
      const rank = `${rankOf(route.segments)}${route.method === "ANY" ? "1" : "0"}`;
      if (!best || rank < best.rank) best = { route, params, rank };
    }
    if (best) {
      const { match, resource } = best.route;
      return { routeKey: match, resource, params: best.params, function: best.route.function };
    }
    return fallback && { routeKey: "$default", params: {}, function: fallback.function };
  };
}

function toRoute(row: FrontRoute): Route {
  const space = row.match.indexOf(" ");
  const resource = row.match.slice(space + 1);
  return {
    ...row,
    method: space < 0 ? "ANY" : row.match.slice(0, space),
    resource,
    segments: resource.split("/").slice(1),
  };
}

const isGreedy = (segment: string): boolean => segment.startsWith("{") && segment.endsWith("+}");
const isVariable = (segment: string): boolean => segment.startsWith("{") && segment.endsWith("}");

/** Sorts static before variable before greedy, from left to right. */
function rankOf(segments: readonly string[]): string {
  return segments.map((segment) => (isGreedy(segment) ? "2" : isVariable(segment) ? "1" : "0")).join("");
}

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
  read: (part: string) => string,
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (isGreedy(segment)) {
      const rest = parts.slice(index).join("/");
      if (rest === "") return undefined;
      params[segment.slice(1, -2)] = rest;
      return params;
    }
    if (part === undefined) return undefined;
    if (isVariable(segment)) {
      if (part === "") return undefined;
      params[segment.slice(1, -1)] = part;
    } else if (read(part) !== decode(segment)) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

/** Malformed percent-encoding stays as it is. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
