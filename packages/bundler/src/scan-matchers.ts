/**
 * The app's own matchers, and whether every matcher that a pattern names is there.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import * as builtIn from "@godwit/core/matchers";
import { type Entry, listFolder } from "./scan-files.ts";
import { isSource, isTest, stemOf } from "./scan-names.ts";
import type { ScannedRoute } from "./steps.ts";

/** The matchers that core brings. */
export const BUILT_IN: ReadonlySet<string> = new Set(Object.keys(builtIn));

export async function readMatchers(root: string, top: readonly Entry[]): Promise<Record<string, string>> {
  const matchers: Record<string, string> = {};
  if (!top.some(({ name, kind }) => name === "matchers" && kind === "folder")) return matchers;
  for (const { name, kind } of (await listFolder(root, "matchers")) ?? []) {
    if (kind !== "file" || !isSource(name) || isTest(name) || /^[._]/.test(name)) continue;
    const matcher = stemOf(name);
    const file = `matchers/${name}`;
    const why = !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(matcher)
      ? "is not a name that [param=matcher] can hold. Use letters, digits, hyphens and underscores"
      : BUILT_IN.has(matcher)
        ? "has the name of a matcher that Godwit brings. Give it another"
        : matchers[matcher] && `is the same matcher as ${matchers[matcher]}. Remove one`;
    if (why) throw new GodwitError("MATCHER_NAME", `${file} ${why}.`);
    matchers[matcher] = file;
  }
  return matchers;
}

/** Throws MATCHER_UNKNOWN. */
export function requireMatchers(routes: readonly ScannedRoute[], matchers: Record<string, string>): void {
  for (const { file, segments } of routes) {
    for (const { matcher } of segments) {
      if (!matcher || BUILT_IN.has(matcher) || Object.hasOwn(matchers, matcher)) continue;
      const known = [...BUILT_IN, ...Object.keys(matchers)].sort().join(", ");
      throw new GodwitError(
        "MATCHER_UNKNOWN",
        `${file} uses the matcher "${matcher}", which is not there. Write matchers/${matcher}.ts with a default export (value: string) => boolean, or use one of: ${known}.`,
      );
    }
  }
}
