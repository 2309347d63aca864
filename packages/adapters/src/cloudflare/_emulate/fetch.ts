/**
 * `fetch` to the emulator's own socket that changes nothing: no redirect is followed, no content decoded, no cookie
 * joined.
 * @module
 */
import { request as open } from "node:http";
import { pipeline, Readable } from "node:stream";

/** RFC 9110 section 6.4.1: a Response of these takes no body. */
const BODYLESS = [204, 205, 304];

/** Sends a Request to `origin`, whatever its own origin is. */
export function fetchFrom(origin: URL, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, signal, body } = request;
  const { hostname, port } = origin;
  const headers = Object.fromEntries(request.headers);
  return new Promise((resolve, reject) => {
    const outgoing = open({ hostname, port, method, signal, path: pathname + search, headers, agent: false });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const { rawHeaders, statusCode = 502, statusMessage } = incoming;
      const fields = new Headers();
      for (let at = 0; at < rawHeaders.length; at += 2) fields.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
      const bare = BODYLESS.includes(statusCode) || method === "HEAD";
      if (bare) incoming.resume();
      const stream = bare ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's type of the same
      resolve(new Response(stream, { status: statusCode, statusText: statusMessage, headers: fields }));
    });
    if (!body) return void outgoing.end();
    // The server answers what it can before the body is there.
    outgoing.write(new Uint8Array()); // `flushHeaders` would write them as UTF-8
    const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]); // Node's type of the same
    pipeline(stream, outgoing, (error) => error && reject(error));
  });
}
