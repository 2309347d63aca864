/**
 * An app on Vercel's Node.js runtime, behind its launcher of `(req, res)` handlers: the one that streams, that every
 * version of the runtime has, and that other frameworks ship (`launcherType: "Nodejs"`, `shouldAddHelpers: false`).
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "@godwit/core/types";
import { createExecution, requestContext } from "./execution.ts";
import { sendResponse, toRequest } from "./node-http.ts";
import { triggerOf, type VercelOptions } from "./schedule.ts";

export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Makes the default export of a Node function. Background work goes to Vercel's request context; where a launcher has
 * none, the end of the answer waits for it, so that it is never frozen.
 *
 * @example export default toNode(app);
 */
export function toNode(app: App, options: VercelOptions = {}): NodeHandler {
  return async (req, res) => {
    const header = (name: string) => {
      const value = req.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const request = toRequest(req, res, header);
    if (!request) {
      res.writeHead(400).end();
      return;
    }
    const [path = ""] = (req.url ?? "").split("?");
    const trigger = triggerOf(request.method, path, header, options);
    if (typeof trigger !== "string") return sendResponse(trigger, res);
    const context = requestContext();
    const held: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) =>
      context?.waitUntil ? context.waitUntil(promise) : void held.push(promise);
    const response = await app.fetch(request, createExecution({ header, raw: { req, res }, waitUntil, trigger }));
    await sendResponse(response, res, async () => {
      while (held.length) await Promise.all(held.splice(0));
    });
  };
}
