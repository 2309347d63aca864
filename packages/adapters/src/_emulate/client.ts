/**
 * `Emulator.fetch`: a Request over the emulator's own socket that changes nothing: no redirect is followed, no content
 * decoded, no cookie joined.
 * @module
 */
import { pipeline, Readable } from "node:stream";

/** A Response of these takes no body: fetch.spec.whatwg.org/#null-body-status. */
const BODYLESS = [204, 205, 304];

/**
 * Sends a Request to the socket at `origin`. Its Host header is that of the request's URL, so that the app sees the
 * origin that the caller wrote. A certificate is not checked: the server is our own.
 */
export function fetchFrom(origin: URL, request: Request): Promise<Response> {
  const { host, pathname, search } = new URL(request.url);
  const { method, signal, body } = request;
  const settings = {
    hostname: origin.hostname.replace(/^\[|\]$/g, ""),
    port: origin.port,
    method,
    signal,
    path: pathname + search,
    headers: { host, ...Object.fromEntries(request.headers) },
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const secure = origin.protocol === "https:";
    // an import of either would load the platform's fetch, which the dev server starts without
    const outgoing = secure
      ? process.getBuiltinModule("node:https").request({ ...settings, rejectUnauthorized: false })
      : process.getBuiltinModule("node:http").request(settings);
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const { rawHeaders, statusCode: status = 502, statusMessage: statusText } = incoming;
      const headers = new Headers();
      for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
      const bare = BODYLESS.includes(status) || method === "HEAD";
      if (bare) incoming.resume();
      const stream = bare ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's type of the same
      resolve(new Response(stream, { status, statusText, headers }));
    });
    if (!body) return void outgoing.end();
    // A server answers what it can before the body is there.
    outgoing.write(new Uint8Array()); // `flushHeaders` would write them as UTF-8
    const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]); // Node's type of the same
    pipeline(stream, outgoing, (error) => error && reject(error));
  });
}
