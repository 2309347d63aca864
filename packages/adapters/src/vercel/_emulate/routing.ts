/**
 * Plays `routes` of `config.json` as https://vercel.com/docs/build-output-api/configuration#routes tells: in order, in
 * phases. Of the phases only those that Godwit writes are here, and another one is an error, never ignored.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

export interface SourceRoute {
  src: string;
  dest?: string;
  methods?: string[];
  headers?: Record<string, string>;
  status?: number;
  continue?: boolean;
  caseSensitive?: boolean;
}

export type ConfigRoute = SourceRoute | { handle: string };

export interface Routed {
  /** The path whose output answers; undefined where there is none. */
  output?: string;
  status?: number;
  /** Of the routes on the way. */
  headers: [string, string][];
}

const KNOWN = new Set(["src", "dest", "methods", "headers", "status", "continue", "caseSensitive"]);

interface Step {
  route: SourceRoute;
  expression: RegExp;
}

export type Router = (method: string, path: string, exists: (output: string) => boolean) => Routed;

/** Reads the routes once. Throws `VERCEL_ROUTE_NOT_PLAYED` for a field or phase that it does not play. */
export function createRouter(routes: readonly ConfigRoute[]): Router {
  const before: Step[] = [];
  const after: Step[] = [];
  let phase = before;
  for (const route of routes) {
    if ("handle" in route) {
      if (route.handle !== "filesystem" || phase === after) throw unknown(route);
      phase = after;
      continue;
    }
    if (Object.keys(route).some((key) => !KNOWN.has(key))) throw unknown(route);
    phase.push({ route, expression: new RegExp(route.src, route.caseSensitive ? "u" : "iu") });
  }

  return (method, path, exists) => {
    const headers: [string, string][] = [];
    let at = path;
    let status: number | undefined;
    const run = (steps: readonly Step[]): Routed | undefined => {
      for (const { route, expression } of steps) {
        if (route.methods && !route.methods.includes(method)) continue;
        const match = expression.exec(at);
        if (!match) continue;
        for (const [name, value] of Object.entries(route.headers ?? {})) headers.push([name, fill(value, match)]);
        status = route.status ?? status;
        const destination = route.dest === undefined ? at : fill(route.dest, match);
        if (!route.continue)
          return exists(destination) ? { output: destination, status, headers } : { status, headers };
        at = destination;
      }
      return undefined;
    };
    const early = run(before);
    if (early) return early;
    if (exists(at)) return { output: at, status, headers };
    return run(after) ?? { status, headers };
  };
}

/** `$1` and `$name` stand for what the expression's groups took. */
function fill(text: string, match: RegExpExecArray): string {
  return text.replace(/\$(\d+|[A-Za-z]\w*)/g, (_, key: string) => match.groups?.[key] ?? match[Number(key)] ?? "");
}

function unknown(route: ConfigRoute): GodwitError {
  return new GodwitError(
    "VERCEL_ROUTE_NOT_PLAYED",
    `config.json has a route that this emulator does not play: ${JSON.stringify(route)}. Build again with this version.`,
  );
}
