/**
 * `fetch` to the emulator's own socket that changes nothing: no redirect is followed, no content decoded, no cookie
 * joined.
 * @module
 */
import { request as open } from "node:http";
import { Readable } from "node:stream";

const BODYLESS = new Set([204, 205, 304]);

/** Sends a Request to `origin`, whatever its own origin is. */
export async function fetchFrom(origin: URL, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  return new Promise((resolve, reject) => {
    const { hostname, port } = origin;
    const { method, signal } = request;
    const outgoing = open({ hostname, port, method, signal, path: pathname + search, headers, agent: false });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const fields = new Headers();
      const { rawHeaders, statusCode = 502, statusMessage } = incoming;
      for (let at = 0; at < rawHeaders.length; at += 2) fields.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
      const bare = BODYLESS.has(statusCode) || method === "HEAD";
      if (bare) incoming.resume();
      const body = bare ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's own type of the same
      resolve(new Response(body, { status: statusCode, statusText: statusMessage, headers: fields }));
    });
    if (request.body)
      Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing); // as above
    else outgoing.end();
  });
}
