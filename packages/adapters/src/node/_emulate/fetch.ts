/**
 * `fetch` to the emulated server that changes nothing: no redirect is followed, no content decoded, no cookie joined.
 * @module
 */
import { request as openPlain } from "node:http";
import { request as openSecure } from "node:https";
import { Readable } from "node:stream";

const BODYLESS = new Set([204, 205, 304]);

/** Sends a Request to `origin`, whatever its own origin is. A certificate is not checked: the server is our own child. */
export async function fetchFrom(origin: URL, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, signal } = request;
  const settings = {
    hostname: origin.hostname.replace(/^\[|\]$/g, ""),
    port: origin.port,
    method,
    signal,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const secure = origin.protocol === "https:";
    const outgoing = secure ? openSecure({ ...settings, rejectUnauthorized: false }) : openPlain(settings);
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const headers = new Headers();
      const { rawHeaders, statusCode: status = 502, statusMessage: statusText } = incoming;
      for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
      const bare = BODYLESS.has(status) || method === "HEAD";
      if (bare) incoming.resume();
      const body = bare ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's own type of the same
      resolve(new Response(body, { status, statusText, headers }));
    });
    if (!request.body) outgoing.end();
    else Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing); // as above
  });
}
