/**
 * `Emulator.fetch`: a Request over the real socket, and the answer as it came, neither decompressed nor redirected.
 * @module
 */
import { request as open } from "node:http";
import { Readable } from "node:stream";

/** The Host header is that of the request's URL, so that the function sees the origin that the caller wrote. */
export function fetchThrough(request: Request, host: string, port: number): Promise<Response> {
  const url = new URL(request.url);
  return new Promise((resolve, reject) => {
    const headers = [["host", url.host], ...request.headers].flat();
    const outgoing = open(
      { host, port, method: request.method, path: url.pathname + url.search, headers },
      (incoming) => {
        const status = incoming.statusCode ?? 502;
        const answer = new Headers();
        for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
          answer.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
        }
        const empty = request.method === "HEAD" || status === 204 || status === 304;
        if (empty) incoming.resume();
        // Node's and the web's ReadableStream are one class with two declarations.
        const body = empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // see above
        resolve(new Response(body, { status, statusText: incoming.statusMessage ?? "", headers: answer }));
      },
    );
    outgoing.on("error", reject);
    request.signal.addEventListener("abort", () => outgoing.destroy(new Error("The request was aborted.")), {
      once: true,
    });
    if (!request.body) {
      outgoing.end();
      return;
    }
    const body = request.body as Parameters<typeof Readable.fromWeb>[0]; // the same two declarations
    Readable.fromWeb(body).on("error", reject).pipe(outgoing);
  });
}
