/**
 * The swapping app's way to modules on Node: files are imported, and a new version has a new URL.
 * @module
 */
import type { DevAppModule, DevLoader } from "./dev-swap.ts";

/**
 * Asks over `node:http` and not by `fetch`: that one is the app's to replace, and its first call costs much more.
 * `url` is without a slash at its end.
 */
export function createImporter(url: string): DevLoader {
  const http = process.getBuiltinModule("node:http");
  keepCompiled();
  const agent = new http.Agent({ keepAlive: true });
  const send = (path: string, text: string): Promise<{ status: number; body: unknown }> =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const outgoing = http.request(`${url}/${path}`, { method: "POST", agent, headers });
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          try {
            resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
          } catch (error) {
            reject(error);
          }
        });
      });
      outgoing.end(text);
    });
  return {
    format: "import",
    post(path, body) {
      const text = JSON.stringify(body);
      // A process that was frozen may find its connection gone.
      return send(path, text).catch(() => send(path, text));
    },
    load: ({ module }) => import(module) as Promise<DevAppModule>, // what the graph writes
  };
}

/** Long enough for what an app imports on its first requests. */
const SETTLED = 3000;

/**
 * Packages are compiled by the first run for the next ones: a quarter of what importing them costs. Written once, early,
 * since a runtime in development is ended without a word.
 */
function keepCompiled(): void {
  const { enableCompileCache, flushCompileCache } = process.getBuiltinModule("node:module");
  enableCompileCache?.();
  setTimeout(() => flushCompileCache?.(), SETTLED).unref();
}
