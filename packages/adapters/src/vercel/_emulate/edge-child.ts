/**
 * The process of an Edge function: its module in the context of Vercel's edge-runtime. `dispatchFetch` of that package
 * takes classic scripts, strips Content-Encoding and lets a body that fails midway end as if whole, so the module is
 * linked by `node:vm` (`--experimental-vm-modules`) and called here. The language is that of this Node's V8.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { types } from "node:util";
import { type Context, compileFunction, runInContext, SourceTextModule, SyntheticModule } from "node:vm";
import { DEV_KEY, type EdgeDev } from "../dev.ts";
import { cpu, createRequestContext, listen, type RequestStore, readOptions, run } from "./child-server.ts";

interface EdgeContext extends Context {
  Request: typeof Request;
}
type EdgeHandler = (request: Request, context: RequestStore) => Promise<Response>;

/** https://vercel.com/docs/functions/runtimes/edge */
const BUILTINS = new Set(["assert", "async_hooks", "buffer", "events", "util"]);

run(async () => {
  const { entry, runtime, dev } = readOptions();
  if (entry === undefined || runtime === undefined)
    throw new TypeError("An Edge process needs an entry and a runtime.");
  // A failing stream is also an unhandled rejection here, and on the platform no reason to end an isolate.
  process.on("unhandledRejection", (error) => console.error(error));
  const requests = createRequestContext((text) => parse(text));
  const { EdgeRuntime } = createRequire(runtime)(runtime);
  const { context }: { context: EdgeContext } = new EdgeRuntime({
    extend: (given: EdgeContext) =>
      Object.assign(given, {
        process: { env: process.env },
        [Symbol.for("@vercel/request-context")]: { get: requests.get },
        ...(dev && { [Symbol.for(DEV_KEY)]: createDev(given) }),
      }),
  });
  const parse: typeof JSON.parse = runInContext("JSON.parse", context);
  const code = await readFile(entry, "utf8");
  const before = cpu();
  const handler = await evaluate(code, entry, context);
  listen((req, res) => {
    answer(req, res, context, (request) => requests.run(() => handler(request, requests.store))).catch(
      (error: unknown) => {
        console.error(error);
        if (res.headersSent) res.destroy();
        else res.writeHead(500, { "x-vercel-error": "FUNCTION_INVOCATION_FAILED" }).end();
      },
    );
  }, cpu() - before);
});

function createDev(context: Context): EdgeDev {
  return {
    evaluate: (code, filename, parameters) => compileFunction(code, parameters, { filename, parsingContext: context }),
    load: importBuiltin,
  };
}

async function importBuiltin(specifier: string): Promise<Record<string, unknown>> {
  const name = specifier.replace(/^node:/, "");
  if (!BUILTINS.has(name)) throw new Error(`Vercel's Edge runtime has no module ${JSON.stringify(specifier)}.`);
  return import(`node:${name}`);
}

async function evaluate(code: string, identifier: string, context: Context): Promise<EdgeHandler> {
  const module = new SourceTextModule(code, { context, identifier });
  await module.link(async (specifier) => {
    const exports = await importBuiltin(specifier);
    const names = Object.keys(exports);
    return new SyntheticModule(
      names,
      function set() {
        for (const key of names) this.setExport(key, exports[key]);
      },
      { context },
    );
  });
  await module.evaluate();
  const { default: handler } = module.namespace as { default?: EdgeHandler }; // what the entry says
  if (typeof handler !== "function") throw new TypeError("The function's entry has no handler as its default export.");
  return handler;
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { Request: EdgeRequest }: EdgeContext,
  call: (request: Request) => Promise<Response>,
): Promise<void> {
  const { rawHeaders, method = "GET", headers } = req;
  const list: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) list.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  const body = await readAll(req);
  // Joined as text: resolved as a reference, a path of `//host` would name another origin.
  const request = new EdgeRequest(`${headers["x-forwarded-proto"]}://${headers["x-forwarded-host"]}${req.url}`, {
    method,
    headers: list,
    ...(body.length > 0 && method !== "GET" && method !== "HEAD" && { body }),
  });
  const response = await call(request);
  const fields: string[] = [];
  for (const [name, value] of response.headers) fields.push(name, value);
  res.writeHead(response.status, response.statusText || undefined, fields);
  const reader = response.body?.getReader();
  if (!reader) {
    res.end();
    return;
  }
  res.write(Buffer.alloc(0)); // sends the head now, as Latin-1: flushHeaders() would send it as UTF-8
  res.once("close", () => void reader.cancel().catch(() => {}));
  for (let part = await reader.read(); !part.done && !res.destroyed; part = await reader.read()) {
    // Fetch section 2.2.4: chunks are bytes. Those of the context are of another realm.
    if (!types.isUint8Array(part.value))
      throw new TypeError(`A body stream gave ${typeof part.value} instead of a Uint8Array.`);
    if (!res.write(part.value)) await new Promise((resolve) => res.once("drain", resolve).once("close", resolve));
  }
  res.end();
}

async function readAll(req: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}
