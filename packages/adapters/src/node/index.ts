/**
 * The runtime half for Node: one server for an app, with limits, health endpoints and a graceful end.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { App } from "@godwit/core/types";
import { listen } from "../_http/listen.ts";
import { openAssets } from "./assets.ts";
import { createExecution, createHandler, type ServerState } from "./handle.ts";
import { readLimits, type ServeOptions } from "./options.ts";
import { startSchedules } from "./schedule.ts";
import { createServer, readPort } from "./server.ts";
import { createShutdown } from "./shutdown.ts";
import type { OpenServer } from "./supervised.ts";

export type { TrustProxy } from "../_http/forwarded.ts";
export type { Limits, ServeOptions } from "./options.ts";

export interface NodeServer {
  /** Where it listens. An unspecified address is written as `localhost`. */
  url: URL;
  /**
   * Stops accepting, lets requests in flight and `waitUntil` work finish, and cuts what is left at the deadline.
   * Resolves to whether everything had finished. A second call joins the first.
   */
  close(): Promise<boolean>;
  /** Calls a route as its schedule does, and gives the answer. Throws SCHEDULE_UNKNOWN for a route that has none. */
  trigger(pattern: string): Promise<Response>;
}

/**
 * Serves an app until it is closed. Checks the environment first: what `env.parse` throws lists every missing variable.
 * Rejects with PORT_INVALID, PORT_IN_USE, PORT_FORBIDDEN, HOST_UNKNOWN or TLS_FILE_UNREADABLE.
 *
 * @example
 * const server = await serve(app, { port: 8080, trustProxy: 1 });
 * await server.close();
 */
export async function serve(app: App, options: ServeOptions = {}): Promise<NodeServer> {
  const { url, close, trigger, startClock } = await open(app, options);
  const stop = startClock();
  const end = () => {
    stop();
    return close();
  };
  return { url, close: end, trigger };
}

async function open(app: App, options: ServeOptions): Promise<OpenServer> {
  options.env?.parse(process.env);
  const limits = readLimits(options.limits);
  const state: ServerState = { closing: false, active: 0, background: new Set() };
  const answerFile = options.root ? openAssets(options.root) : undefined;
  const handler = createHandler(app, options, limits, state, answerFile);
  const server = createServer(options, limits, handler);
  const host = process.env.HOST || options.host;
  const shutdown = createShutdown(server, state, options);
  await listen(server, readPort(options), host);
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const name = !host || host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const url = new URL(`${options.tls ? "https" : "http"}://${name}:${port}`);

  const schedules = options.schedules ?? [];
  const execution = createExecution(state);
  const trigger = async (pattern: string) => {
    if (!schedules.some((schedule) => schedule[1] === pattern)) {
      throw new GodwitError("SCHEDULE_UNKNOWN", `No route with the pattern ${pattern} has a schedule.`);
    }
    return app.fetch(new Request(new URL(pattern, url)), { ...execution, trigger: "schedule" });
  };
  const startClock = () => startSchedules(schedules, (pattern) => execution.waitUntil(trigger(pattern)));
  const createPlain = () => createServer({ ...options, tls: undefined }, limits, handler);
  return { url, server, isTls: options.tls !== undefined, close: shutdown, trigger, startClock, createPlain };
}

/**
 * What a built `server.mjs` calls: serves, and ends with the process. SIGTERM and SIGINT shut down gracefully: exit
 * code 0 when everything finished, 1 when the deadline cut it; a second signal exits at once. A server that cannot
 * start prints one error and exits with 1.
 */
export async function start(app: App, options: ServeOptions = {}): Promise<void> {
  // A supervisor passes connections, and says when the clock runs: on one process of the live release alone.
  const supervised = process.send !== undefined && process.env.GODWIT_SUPERVISED !== undefined;
  let server: NodeServer;
  let connections: "http" | "https" | undefined;
  try {
    if (supervised) {
      const opened = await open(app, options);
      const { supervise } = await import("./supervised.ts");
      server = await supervise(opened);
      connections = opened.isTls ? "https" : "http";
    } else server = await serve(app, options);
  } catch (error) {
    // An error of ours says all there is to say; of any other the stack is needed.
    console.error(error instanceof Error && "code" in error ? `${error.code}: ${error.message}` : error);
    process.exit(1);
  }
  let ending = false;
  const end = async () => {
    if (ending) process.exit(1);
    ending = true;
    process.exit((await server.close()) ? 0 : 1);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // Whoever started this process over a channel waits for this, and may call schedules.
  if (process.send) {
    process.on("message", async (message: { godwit?: string; pattern?: string } | null) => {
      if (message?.godwit !== "schedule" || typeof message.pattern !== "string") return;
      const answer = await server.trigger(message.pattern).then(({ status }) => ({ status }), toFields);
      process.send?.({ godwit: "scheduled", ...answer });
    });
    process.send({ godwit: "ready", url: server.url.href, connections });
  }
  if (!supervised) console.log(`Listening on ${server.url.href}`);
}

function toFields(error: unknown): { error: string } {
  return { error: error instanceof Error ? error.message : String(error) };
}
