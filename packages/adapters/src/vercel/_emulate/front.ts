/**
 * What stands before the functions: one HTTP server that routes, serves files and hands on.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { joinUrl, readTarget } from "../../_http/authority.ts";
import type { StaticFiles } from "./assets.ts";
import { fail } from "./failure.ts";
import type { FunctionProcess } from "./function-process.ts";
import type { FunctionLayout } from "./layout.ts";
import { forward, readBody } from "./proxy.ts";
import type { Router } from "./routing.ts";

export interface Deployment {
  route: Router;
  files: StaticFiles;
  functions: ReadonlyMap<string, { layout: FunctionLayout; process: FunctionProcess }>;
}

/** `current` is asked at each request, so that a reload takes effect at the next one. `scheme`: what functions are told. */
export function createFront(current: () => Deployment, scheme: "http" | "https"): Server {
  const server = createServer({ maxHeaderSize: 64 * 1024, requestTimeout: 0 }, (req, res) => {
    answer(req, res, current(), scheme).catch(() => fail(res, 500, "FUNCTION_INVOCATION_FAILED"));
  });
  return server;
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  deployment: Deployment,
  scheme: "http" | "https",
): Promise<void> {
  const { route, files, functions } = deployment;
  const target = readTarget(req.url ?? "");
  // Dot segments are resolved as in every URL parser, so that routes see the path that a function sees.
  const whole = target && parse(target.path);
  if (whole === undefined) return fail(res, 400, "MALFORMED_REQUEST_HEADER");
  const path = whole.split("?", 1)[0] ?? "";
  const exists = (output: string) => functions.has(output) || files.find(output) !== undefined;
  const { output, status, headers } = route(req.method ?? "GET", path, exists);
  const found = output === undefined ? undefined : functions.get(output);
  if (found) {
    const body = await readBody(req, res);
    if (body === undefined) return;
    let port: number;
    try {
      ({ port } = await found.process.start());
    } catch {
      return fail(res, 500, "FUNCTION_INVOCATION_FAILED");
    }
    const { first, whole: last } = found.layout;
    return forward(req, res, body, { target: whole, port, first, whole: last, headers, scheme });
  }
  req.resume();
  for (const [name, value] of headers) res.setHeader(name, value);
  const file = output === undefined ? undefined : files.find(output);
  if (file !== undefined) return files.serve(file, req, res);
  if (status !== undefined) res.writeHead(status).end();
  else fail(res, 404, "NOT_FOUND");
}

function parse(path: string): string | undefined {
  try {
    return joinUrl("http://localhost", path).slice("http://localhost".length);
  } catch {
    return undefined;
  }
}
