/**
 * Answers of `fetch()` that an app passes on.
 * @module
 */

/**
 * `fetch()` has decoded the body of what it gives and left the fields as they came (Fetch section 4.7): a handler that
 * passes such an answer on would send plain bytes that call themselves compressed. Only such answers have a URL.
 */
export function isDecoded({ url, headers }: Response): boolean {
  return Boolean(url) && /^(?:(?:x-)?gzip|deflate|br|zstd)$/i.test(headers.get("content-encoding") ?? "");
}
