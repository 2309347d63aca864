/**
 * An app on Vercel's Node.js runtime, behind its launcher of `(req, res)` handlers: the one that streams, that every
 * version of the runtime has, and that other frameworks ship (`launcherType: "Nodejs"`, `shouldAddHelpers: false`).
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "@godwit/core/types";
import { createOrigins, joinUrl } from "../_http/authority.ts";
import { IncomingBody } from "../_http/body.ts";
import { createNativeRequest } from "../_http/request.ts";
import { sendResponse } from "../_http/respond.ts";
import { createExecution, requestContext } from "./execution.ts";
import { triggerOf, type VercelOptions } from "./schedule.ts";

export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Makes the default export of a Node function. Scheme and host are what Vercel's proxy wrote, and it alone reaches a
 * function. Background work goes to Vercel's request context; where a launcher has none, the handler's promise settles
 * after it.
 *
 * @example export default toNode(app);
 */
export function toNode(app: App, options: VercelOptions = {}): NodeHandler {
  const origins = createOrigins();
  const toRequest = createNativeRequest();
  return async (req, res) => {
    const header = (name: string) => {
      const value = req.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const path = req.url ?? "/";
    const scheme = header("x-forwarded-proto") === "http" ? "http" : "https";
    const origin = origins(scheme, header("x-forwarded-host") ?? header("host"));
    let request: Request | undefined;
    try {
      const url = origin && path.startsWith("/") && joinUrl(origin, path);
      if (url) request = toRequest({ message: req, response: res, url, body: new IncomingBody(req) });
    } catch {
      // A method that no Request can have (TRACE), or a path that no URL can: answered below.
    }
    if (!request) {
      res.writeHead(400).end();
      return;
    }
    const trigger = triggerOf(request.method, path.split("?", 1)[0] ?? "", header, options);
    const context = requestContext();
    const held: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) =>
      context?.waitUntil ? context.waitUntil(promise) : void held.push(promise);
    const raw = { req, res };
    const response =
      typeof trigger === "string"
        ? await app.fetch(request, createExecution({ header, raw, waitUntil, trigger }))
        : trigger;
    await sendResponse(res, response, {
      head: request.method === "HEAD",
      onError: (error) => console.error(error instanceof Error ? error.stack : error),
    });
    while (held.length) await Promise.all(held.splice(0));
  };
}
