/**
 * A path that a route takes, for the first request of a measurement.
 * @module
 */
import { parsePattern } from "@godwit/core/pattern";

const SAMPLES: Record<string, string> = { int: "1", uuid: "00000000-0000-4000-8000-000000000000" };

/** `/users/[id=int]` gives `/users/1`. What a matcher of the app takes is not known, and a 404 does for it. */
export function samplePath(pattern: string | undefined): string {
  if (pattern === undefined) return "/";
  const segments = parsePattern(pattern).map(({ kind, value, matcher }) => {
    if (kind === "static") return encodeURIComponent(value);
    return (matcher && SAMPLES[matcher]) ?? "sample";
  });
  return `/${segments.join("/")}`;
}
