/**
 * The routes of `config.json`: Vercel reads them in order, the first that matches wins. A pattern becomes a regular
 * expression over the path as it is sent, so that an encoded slash stays in its segment and a trailing slash counts.
 * @module
 */
import type { FunctionPlan } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { FrontRoute } from "@godwit/core/manifest";
import { compareSegments, expandOptionals, type Segment } from "@godwit/core/pattern";

/** One entry of `routes`, as far as Godwit writes them. */
export type VercelRoute = { src: string; dest: string; caseSensitive: true } | { handle: "filesystem" };

/**
 * Functions lie in a folder of their own, and what public paths under it reach is decided by the routes alone.
 * https://vercel.com/docs/build-output-api/primitives serves a function at its own name otherwise.
 */
export const FOLDER = "_godwit";
/** https://openapi.vercel.sh/vercel.json bounds `src`. */
const LONGEST = 4096;

/** `index` would be served at its folder's path; no id has an underscore. */
export const functionName = (id: string): string => `${FOLDER}/${id === "index" ? "_index" : id}`;

interface Place {
  segments: Segment[];
  id: string;
}

/** The routes of `config.json`, and the same as the manifest lists them. */
export function createFront(plans: readonly FunctionPlan[]): { routes: VercelRoute[]; front: FrontRoute[] } {
  const places: Place[] = plans.flatMap(({ id, routes }) =>
    routes.flatMap((route) => expandOptionals(route.segments).map((segments) => ({ segments, id }))),
  );
  places.sort((a, b) => compareSegments(a.segments, b.segments));
  const front: FrontRoute[] = [];
  const inFolder: VercelRoute[] = [];
  const seen = new Map<string, string>();
  for (const { segments, id } of places) {
    const match = toSource(segments);
    const owner = seen.get(match);
    if (owner !== undefined && owner !== id) throw overlap(match, owner, id);
    if (owner !== undefined) continue;
    seen.set(match, id);
    front.push({ match, function: id });
    const [first] = segments;
    if (first && (first.kind !== "static" || first.value === FOLDER)) {
      inFolder.push(toRoute(`^(?=/${FOLDER}(?:/|$))${match.slice(1)}`, id));
    }
  }
  const fallback = (plans.find(({ role }) => role === "fallback") ?? plans[0])?.id;
  if (fallback !== undefined) {
    inFolder.push(toRoute(`^/${FOLDER}(?:/.*)?$`, fallback));
    front.push({ match: "^/.*$", function: fallback });
  }
  const routes = front.map(({ match, function: id }) => toRoute(match, id));
  return { routes: [...inFolder, { handle: "filesystem" }, ...routes], front };
}

const toRoute = (src: string, id: string): VercelRoute => ({
  src,
  dest: `/${functionName(id)}`,
  caseSensitive: true, // Vercel ignores case otherwise, and functions do not
});

function overlap(match: string, first: string, second: string): GodwitError {
  return new GodwitError(
    "VERCEL_ROUTES_OVERLAP",
    `The functions ${first} and ${second} have routes that Vercel cannot tell apart (${match}). Put those routes in one group.`,
  );
}

/** A pattern without optionals as a regular expression. Matchers are tested in the function. */
export function toSource(segments: readonly Segment[]): string {
  const print = (text: (value: string) => string): string => {
    const parts = segments.map(({ kind, value }) => {
      if (kind === "static") return `/${text(value)}`;
      if (kind === "rest") return "(?:/[^/]+)+";
      return kind === "optional-rest" ? "(?:/[^/]+)*" : "/[^/]+";
    });
    const path = parts.join("");
    if (path === "(?:/[^/]+)*") return "^(?:/|(?:/[^/]+)+)$";
    return `^${path || "/"}$`;
  };
  const exact = print((value) => Array.from(value, anySpelling).join(""));
  return exact.length <= LONGEST ? exact : print((value) => Array.from(value, literal).join(""));
}

/** A character as it is and percent-encoded: both are one path (RFC 3986 section 6.2.2.2), and routers decode. */
function anySpelling(character: string): string {
  const bytes = [...new TextEncoder().encode(character)];
  const encoded = bytes.map((byte) => `%${byte.toString(16).padStart(2, "0").replace(/[a-f]/g, bothCases)}`).join("");
  return character === "%" ? encoded : `(?:${literal(character)}|${encoded})`;
}

const bothCases = (digit: string): string => `[${digit}${digit.toUpperCase()}]`;
const literal = (character: string): string =>
  /[\w~-]/.test(character) ? character : character.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
