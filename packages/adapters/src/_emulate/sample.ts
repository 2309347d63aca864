/**
 * A path that a route takes, for the first request of a measurement.
 * @module
 */
import { parsePattern } from "@godwit/core/pattern";

const SAMPLES: Record<string, string> = { uuid: "00000000-0000-4000-8000-000000000000" };

/**
 * `/users/[id=int]/[[tab]]` gives `/users/1`: what may be left out is. What a matcher of the app takes is not known,
 * and a 404 does for it.
 */
export function samplePath(pattern = "/"): string {
  const segments = parsePattern(pattern).filter(({ kind }) => !kind.startsWith("optional"));
  const texts = segments.map(({ kind, value, matcher = "" }) =>
    kind === "static" ? encodeURIComponent(value) : (SAMPLES[matcher] ?? "1"),
  );
  return `/${texts.join("/")}`;
}
