import assert from "node:assert/strict";
import { test } from "node:test";
import { claimOf, compareSegments, parsePattern, type Segment } from "@godwit/core/pattern";
import type { RoutePlan } from "./contracts.ts";
import { overlap, tieRoutes } from "./group-fronts.ts";

const WORDS = ["a", "1", "c"];
const PATHS = Array.from({ length: 5 }, (_, length) => length).flatMap((length) =>
  Array.from({ length: WORDS.length ** length }, (_, at) =>
    Array.from({ length }, (_, place) => WORDS[Math.floor(at / WORDS.length ** place) % WORDS.length] ?? ""),
  ),
);

/** Every pattern of up to three segments over these parts. */
function patternsOf(parts: readonly string[], length = 3): string[] {
  const shorter = length > 1 ? patternsOf(parts, length - 1) : [""];
  const longest = shorter.filter((pattern) => pattern.split("/").length === length && !pattern.includes("..."));
  const next = longest.flatMap((pattern) => parts.map((part) => `${pattern}/${part.replace("x", `x${length}`)}`));
  return [...shorter, ...next];
}

function fits(segments: readonly Segment[], path: readonly string[], withMatchers: boolean): boolean {
  for (const [at, { kind, value, matcher }] of segments.entries()) {
    const text = path[at];
    if (kind === "optional-rest") return true;
    if (text === undefined) return false;
    if (kind === "rest") return true;
    if (kind === "static" && text !== value) return false;
    if (matcher && withMatchers && text !== "1") return false;
  }
  return path.length === segments.length;
}

test("two patterns overlap exactly when some path fits both", () => {
  const all = patternsOf(["a", "1", "[x]", "[...r]", "[[...r]]"]).map((pattern) => parsePattern(pattern || "/"));
  for (const a of all) {
    const paths = PATHS.filter((path) => fits(a, path, false));
    for (const b of all) {
      const expected = paths.some((path) => fits(b, path, false));
      if (overlap(a, b) !== expected) assert.fail(`${claimOf(a)} and ${claimOf(b)}: ${expected}`);
    }
  }
  assert.ok(all.length > 60);
});

test("whatever the routes, an ordered front that ignores matchers sends each path to the function that serves it", () => {
  const all = patternsOf(["a", "[x]", "[x=int]", "[...r]"], 2).filter(Boolean);
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  for (let round = 0; round < 200; round++) {
    const chosen = [...new Set(Array.from({ length: 6 }, () => all[random() % all.length] ?? "/"))];
    const routes = chosen.map((pattern) => toRoute(pattern)).sort((a, b) => compareSegments(a.segments, b.segments));
    const sets = tieRoutes(routes, "regex").map((tied) => tied.routes);
    for (const path of PATHS) {
      const served = routes.find(({ segments }) => fits(segments, path, true));
      const sent = routes.find(({ segments }) => fits(segments, path, false));
      const together = sets.some((set) => sent && served && set.includes(sent) && set.includes(served));
      if (served && !together) assert.fail(`/${path.join("/")} of ${chosen.join(", ")}`);
    }
  }
  assert.ok(seed !== 7);
});

function toRoute(pattern: string): RoutePlan {
  return {
    file: pattern,
    pattern,
    segments: parsePattern(pattern),
    methods: ["GET"],
    config: {},
    middleware: [],
    needs: [],
    usesWaitUntil: false,
    external: [],
  };
}
