/**
 * Where the runtime asks for the app's modules: on the loopback alone, behind a word that nobody else knows.
 * @module
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { json as readJson } from "node:stream/consumers";
import type { DevAsk, DevFailure } from "@godwit/bundler";
import { toFailure } from "./failures.ts";
import type { Graphs } from "./graphs.ts";
import { http } from "./http.ts";

export interface ModulesOptions {
  graphs(): Graphs;
  env(): Promise<Record<string, string>>;
  /** Something that was asked for has no good code. */
  onUnbuilt(failure: DevFailure): void;
  /** The runtime could not load a module. */
  onFailed(failure: DevFailure): void;
}

export interface ModulesServer {
  /** `POST` to `<url>/app`, `/modules` and `/failed`; without a slash at its end. */
  url: string;
  close(): void;
}

export async function openModules(options: ModulesOptions): Promise<ModulesServer> {
  const token = randomBytes(18).toString("base64url");
  const server = http.createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, answer) => {
    void serve(options, `/${token}`, incoming, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/${token}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serve(
  options: ModulesOptions,
  base: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const { url = "", method } = incoming;
  if (method !== "POST" || !url.startsWith(`${base}/`)) return void answer.writeHead(404).end();
  const path = url.slice(base.length);
  try {
    const asked: unknown = await readJson(incoming);
    const graphs = options.graphs();
    if (path === "/app") {
      const ask = asked as DevAsk; // of the runtime half, which we wrote
      const { format, id, guess } = ask;
      const [graph, env] = await Promise.all([graphs.of(format), options.env()]);
      const [found, guessed] = await Promise.all([
        graph.resolve({ format, id }),
        // Where the guess cannot be built, the runtime asks for it and is told.
        guess === undefined ? undefined : graph.resolve({ format, id: guess }).catch(() => undefined),
      ]);
      return send(200, { ...found, env, guessed });
    }
    if (path === "/modules") return send(200, (await graphs.of("evaluate")).modules(asked as string[])); // as above
    if (path === "/failed") {
      const failure = asked as DevFailure; // as above
      options.onFailed({ ...failure, ...(failure.stack && { stack: graphs.mapStack(failure.stack) }) });
      return send(200, {});
    }
    send(404, {});
  } catch (error) {
    const failure = toFailure(error);
    if (path === "/app") options.onUnbuilt(failure);
    if (!answer.headersSent) send(500, failure);
  }
}
