/**
 * The runtime half for Node: one server for an app, with limits, health endpoints and a graceful end.
 * @module
 */
import type { App } from "@godwit/core/types";
import { type AnswerFile, createHandler, type ServerState } from "./handle.ts";
import { readLimits, type ServeOptions } from "./options.ts";
import { createServer, listen, readPort } from "./server.ts";
import { createShutdown } from "./shutdown.ts";

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
  options.env?.parse(process.env);
  const limits = readLimits(options.limits);
  const state: ServerState = { closing: false, active: 0, background: new Set() };
  const answerFile: AnswerFile | undefined = undefined;
  const server = createServer(options, limits, createHandler(app, options, limits, state, answerFile));
  const host = process.env.HOST || options.host;
  const close = createShutdown(server, state, options);
  await listen(server, readPort(options), host);
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const name = !host || host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return { url: new URL(`${options.tls ? "https" : "http"}://${name}:${port}`), close };
}

/**
 * What a built `server.mjs` calls: serves, and ends with the process. SIGTERM and SIGINT shut down gracefully: exit
 * code 0 when everything finished, 1 when the deadline cut it; a second signal exits at once. A server that cannot
 * start prints one error and exits with 1.
 */
export async function start(app: App, options: ServeOptions = {}): Promise<void> {
  let server: NodeServer;
  try {
    server = await serve(app, options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? `${error.code}: ` : "";
    console.error(error instanceof Error && code ? code + error.message : error);
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
  // Whoever started this process over a channel waits for this line, and takes the server with it when it goes.
  if (process.send) {
    process.on("disconnect", end);
    process.send({ godwit: "ready", url: server.url.href });
  }
  console.log(`Listening on ${server.url.href}`);
}
