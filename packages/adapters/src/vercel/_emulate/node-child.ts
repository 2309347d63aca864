/**
 * The process of a Node function: imports its entry and calls it as Vercel's launcher does, `(req, res)` alone.
 * @module
 */
import type { RequestListener } from "node:http";
import { pathToFileURL } from "node:url";
import { createRequestContext, listen, readOptions, run } from "./child-server.ts";

run(async () => {
  const { entry } = readOptions();
  if (entry === undefined) return listen((_, res) => void res.end());
  const context = createRequestContext();
  const key = Symbol.for("@vercel/request-context");
  (globalThis as { [key: symbol]: unknown })[key] = { get: context.get }; // the launcher's own global
  let handler: unknown = await import(pathToFileURL(entry).href);
  // As `@vercel/node` does for modules that were CommonJS once.
  for (let depth = 0; depth < 5; depth++) {
    if (typeof handler !== "function" && handler && typeof handler === "object" && "default" in handler) {
      handler = handler.default;
    }
  }
  if (typeof handler !== "function") throw new TypeError("The function's entry has no handler as its default export.");
  const call = handler as (...args: Parameters<RequestListener>) => unknown; // nothing tells what a function takes
  listen((req, res) => {
    const work = async () => call(req, res);
    context.run(work).catch((error: unknown) => {
      console.error(error);
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { "x-vercel-error": "FUNCTION_INVOCATION_FAILED" }).end();
    });
  });
});
