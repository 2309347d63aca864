/**
 * A path for a route, to measure it with.
 * @module
 */

/** `/users/[id=int]/[[tab]]/[...path]` becomes `/users/1/1`: optional segments are left out, others are `1`. */
export function samplePath(pattern: string): string {
  const segments = pattern.split("/").filter((segment) => segment !== "" && !segment.startsWith("[["));
  return `/${segments.map((segment) => (segment.startsWith("[") ? "1" : encodeURIComponent(segment))).join("/")}`;
}
