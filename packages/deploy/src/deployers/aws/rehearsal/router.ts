/**
 * Chooses a route as an HTTP API does: the most specific path, a method before ANY, then `$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @module
 */

/** The key of the route, or nothing. */
export function matchRoute(keys: readonly string[], method: string, path: string): string | undefined {
  const parts = path.split("/").slice(1).map(decode);
  let best: { key: string; rank: string } | undefined;
  for (const key of keys) {
    const [verb = "", resource = ""] = key.split(" ");
    if (key === "$default" || (verb !== "ANY" && verb !== method)) continue;
    const segments = resource.split("/").slice(1);
    if (!matches(segments, parts)) continue;
    const rank = segments.map(rankOf).join("") + (verb === "ANY" ? "1" : "0");
    if (!best || rank < best.rank) best = { key, rank };
  }
  return best?.key ?? (keys.includes("$default") ? "$default" : undefined);
}

const rankOf = (segment: string): string => (/^\{.*\+\}$/.test(segment) ? "2" : /^\{.*\}$/.test(segment) ? "1" : "0");

function matches(segments: readonly string[], parts: readonly string[]): boolean {
  for (const [index, segment] of segments.entries()) {
    const rank = rankOf(segment);
    const part = parts[index];
    if (rank === "2") return parts.slice(index).join("/") !== "";
    if (part === undefined || (rank === "1" ? part === "" : decode(segment) !== part)) return false;
  }
  return segments.length === parts.length;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
