/**
 * The one grammar of route patterns. A segment is static text or wholly one of
 * `[name]`, `[name=matcher]`, `[[name]]`, `[...name]` (one segment or more), `[[...name]]` (none or more).
 * @module
 */
import { GodwitError } from "./errors.ts";
import type { Params } from "./types.ts";

export type SegmentKind = "static" | "param" | "optional" | "rest" | "optional-rest";

export interface Segment {
  kind: SegmentKind;
  /** The decoded text of a static segment, the parameter's name of any other. */
  value: string;
  matcher?: string;
}

const PARAMETER = /^\[(\[)?(\.\.\.)?([A-Za-z_][A-Za-z0-9_]*)(?:=([A-Za-z_][A-Za-z0-9_-]*))?\](\])?$/;
/** Each optional doubles the paths that a router must hold; four are sixteen. */
const MOST_OPTIONALS = 4;

/**
 * Parses `/users/[id]`. `/` has no segments. Throws `PATTERN_INVALID`.
 *
 * @example parsePattern("/users/[id=int]") // [{ kind: "static", value: "users" }, { kind: "param", value: "id", matcher: "int" }]
 */
export function parsePattern(pattern: string): Segment[] {
  const fail = (why: string): never => {
    throw new GodwitError("PATTERN_INVALID", `The route pattern ${JSON.stringify(pattern)} is not valid: ${why}.`);
  };
  if (!pattern.startsWith("/")) fail("it must start with /");
  if (pattern === "/") return [];
  const names = new Set<string>();
  const texts = pattern.slice(1).split("/");
  const segments = texts.map((text, index) => {
    const segment =
      parseSegment(text) ?? fail(`segment ${JSON.stringify(text)} is neither plain text nor one parameter`);
    if (segment.kind === "static") return segment;
    if (names.has(segment.value)) fail(`the parameter ${segment.value} stands in it twice`);
    names.add(segment.value);
    if (segment.kind.endsWith("rest") && index < texts.length - 1) fail(`${text} must be the last segment`);
    return segment;
  });
  if (segments.filter((segment) => segment.kind === "optional").length > MOST_OPTIONALS) {
    fail(`it has more than ${MOST_OPTIONALS} optional segments`);
  }
  return segments;
}

function parseSegment(text: string): Segment | undefined {
  if (!/[[\]]/.test(text)) {
    return text === "" || text === "." || text === ".." ? undefined : { kind: "static", value: text };
  }
  const [, open, dots, value, matcher, close] = PARAMETER.exec(text) ?? [];
  if (value === undefined || Boolean(open) !== Boolean(close) || value === "__proto__") return undefined;
  if (dots) return matcher ? undefined : { kind: open ? "optional-rest" : "rest", value };
  return { kind: open ? "optional" : "param", value, ...(matcher && { matcher }) };
}

/**
 * The paths a pattern stands for once each optional is there or not, the fullest first. `/[[lang]]/about` gives
 * `/[lang]/about` and `/about`.
 */
export function expandOptionals(segments: readonly Segment[]): Segment[][] {
  const at = segments.findIndex((segment) => segment.kind === "optional");
  const optional = segments[at];
  if (!optional) return [[...segments]];
  const before = segments.slice(0, at);
  const after = segments.slice(at + 1);
  return [
    ...expandOptionals([...before, { ...optional, kind: "param" }, ...after]),
    ...expandOptionals([...before, ...after]),
  ];
}

const RANK: Record<SegmentKind, number> = { static: 0, param: 2, optional: 2, rest: 4, "optional-rest": 5 };
/** The end of a pattern: an exact path beats a rest that takes nothing. */
const END = 3;

function rank(segment: Segment | undefined): number {
  if (!segment) return END;
  return segment.matcher ? 1 : RANK[segment.kind];
}

/**
 * Orders patterns without optionals, the more specific first: segment by segment a static text, then a parameter with
 * a matcher, a parameter, the end, a rest, an optional rest. Equal ranks go by text, so that the order never depends
 * on the file system.
 */
export function compareSegments(a: readonly Segment[], b: readonly Segment[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    const byRank = rank(left) - rank(right);
    if (byRank !== 0) return byRank;
    const [leftText, rightText] = [claim(left), claim(right)];
    if (leftText !== rightText) return leftText < rightText ? -1 : 1;
  }
  return 0;
}

function claim(segment: Segment | undefined): string {
  if (!segment) return "";
  if (segment.kind === "static") return `/${encodeURIComponent(segment.value)}`;
  if (segment.kind === "param" || segment.kind === "optional")
    return `/[${segment.matcher ? `=${segment.matcher}` : ""}]`;
  return segment.kind === "rest" ? "/[...]" : "/[[...]]";
}

/** What a pattern claims whatever its parameters are called: two routes with one claim are in conflict. */
export function claimOf(segments: readonly Segment[]): string {
  return segments.map(claim).join("") || "/";
}

/** Writes segments as a pattern again. */
export function printPattern(segments: readonly Segment[]): string {
  const texts = segments.map(({ kind, value, matcher }) => {
    if (kind === "static") return value;
    const name = matcher ? `${value}=${matcher}` : value;
    if (kind === "param") return `[${name}]`;
    if (kind === "optional") return `[[${name}]]`;
    return kind === "rest" ? `[...${name}]` : `[[...${name}]]`;
  });
  return `/${texts.join("/")}`;
}

type Name<T extends string> = T extends `${infer N}=${string}` ? N : T;
type SegmentParams<T extends string> = T extends `[[...${infer N}]]`
  ? { [K in N]: string[] }
  : T extends `[...${infer N}]`
    ? { [K in N]: string[] }
    : T extends `[[${infer N}]]`
      ? { [K in Name<N>]: string | undefined }
      : T extends `[${infer N}]`
        ? { [K in Name<N>]: string }
        : unknown;
type PatternParams<P extends string> = P extends `/${infer Head}/${infer Tail}`
  ? SegmentParams<Head> & PatternParams<`/${Tail}`>
  : P extends `/${infer Last}`
    ? SegmentParams<Last>
    : unknown;

/** The params of a pattern; of a plain `string`, any params; of a params type, itself. */
export type ParamsOf<P extends string | Params> = P extends string
  ? string extends P
    ? Params
    : { [K in keyof PatternParams<P>]: PatternParams<P>[K] }
  : P;
