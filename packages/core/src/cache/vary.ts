/**
 * Which of several stored responses a request selects (RFC 9111 section 4.1).
 * @module
 */

/** Gives what a request field counts as: `accept-encoding` may become `gzip` or null. */
export type Normalise = (name: string, value: string | null) => string | null;

/** Stands among the names of Vary for the content of a QUERY. Never a field of a request that is sent on. */
export const CONTENT_NAME = "godwit-content";

/** The names in Vary: lower case, each once, sorted. */
export function varyNames(headers: Headers): string[] {
  const names = (headers.get("vary") ?? "").split(",").map((name) => name.trim().toLowerCase());
  return [...new Set(names.filter(Boolean))].sort();
}

/**
 * The values of these fields in a request, as one text that is equal where they match: whitespace around commas is
 * not significant in any field that is a list, nor is the case of languages (RFC 9110 section 12.5.4).
 */
export function varyValues(request: Headers, names: readonly string[], normalise?: Normalise): string {
  const values = names.map((name) => {
    // From the first of many blanks only: what a client sends costs no more than its length.
    const given = request.get(name)?.replace(/(?<![\t ])[\t ]*,[\t ]*/g, ",") ?? null;
    if (name === CONTENT_NAME) return [name, given];
    const value = name === "accept-language" ? (given?.toLowerCase() ?? null) : given;
    return [name, normalise ? normalise(name, value) : value];
  });
  return JSON.stringify(values);
}
