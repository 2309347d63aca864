/**
 * A server for one test.
 * @module
 */
import type { App, ExecutionContext } from "@godwit/core/types";
import { type NodeServer, type ServeOptions, serve } from "./index.ts";

export type Answer = (request: Request, execution: ExecutionContext) => Response | Promise<Response>;

export function toApp(answer: Answer): App {
  return {
    async fetch(request, execution) {
      if (!execution) throw new Error("no execution context");
      return answer(request, execution);
    },
  };
}

export async function withServer(
  answer: Answer,
  use: (url: URL, server: NodeServer) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const shutdown = { deadline: 500 };
  const server = await serve(toApp(answer), { port: 0, host: "127.0.0.1", shutdown, ...options });
  try {
    await use(server.url, server);
  } finally {
    await server.close();
  }
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve(value: T): void } {
  return Promise.withResolvers<T>();
}
