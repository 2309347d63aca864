/**
 * Upstash's REST interface on the loopback, over a redis-server: what an app does against Upstash it does here without
 * an account. https://upstash.com/docs/redis/features/restapi
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { http } from "../http.ts";
import { follow } from "./channels.ts";
import { createScripts, type Scripts, whyUnavailable } from "./commands.ts";
import { type Connections, createConnections, type RedisAddress } from "./connections.ts";
import { type Command, isRefusal, type Reply } from "./resp.ts";
import { Refused, readBody, readCommand, readCommands, readPath, toAnswer } from "./words.ts";

export interface UpstashOptions {
  /** The redis-server behind it. */
  redis: RedisAddress;
  /** Default: a new one. */
  token?: string;
  /** Taken where it is free. Default: a free one. */
  port?: number;
}

/** What an app is given as `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`. */
export interface UpstashFront {
  /** Without a slash at its end. */
  url: string;
  token: string;
  close(): Promise<void>;
}

interface State {
  connections: Connections;
  scripts: Scripts;
  /** Of the token: two of one length can be compared in a time that tells nothing. */
  secret: Buffer;
  /** Clients send the last one that they saw back, to be shown their own writes: behind one server everybody is. */
  answers: number;
}

/**
 * Listens on 127.0.0.1. The redis-server goes on when it is closed.
 *
 * @example
 * const front = await openUpstash({ redis: { port: 6379, password: "secret" } });
 * await fetch(`${front.url}/set/greeting/hello`, { headers: { authorization: `Bearer ${front.token}` } });
 */
export async function openUpstash({ redis, port = 0, ...given }: UpstashOptions): Promise<UpstashFront> {
  const token = given.token ?? randomBytes(24).toString("base64url");
  const connections = createConnections(redis);
  const state: State = { connections, scripts: createScripts(), secret: digest(token), answers: 0 };
  const server = http.createServer((incoming, answer) => void serve(state, incoming, answer));
  const listen = async (wanted: number): Promise<void> => {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE" || port === 0) throw error;
    return listen(0);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address && typeof address === "object" ? address.port : port}`,
    token,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      connections.close();
      await closed;
    },
  };
}

async function serve(state: State, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown): void => {
    // What is left of a request must not be taken for the next one.
    if (!incoming.complete) answer.setHeader("connection", "close");
    answer.writeHead(status, { "content-type": "application/json", "upstash-sync-token": String(++state.answers) });
    answer.end(JSON.stringify(body));
  };
  const { url: path = "/" } = incoming;
  try {
    if (!isAllowed(state, incoming, path)) return send(401, { error: "WRONGPASS invalid or missing auth token" });
    const [verb = "", ...channels] = readPath(path);
    if (/^p?subscribe$/i.test(verb)) await follow(state.connections, verb, channels, answer);
    else send(200, await answerTo(state, incoming, path));
  } catch (error) {
    if (answer.headersSent) answer.destroy();
    else if (error instanceof Refused) send(error.status, { error: error.message });
    else send(500, { error: `ERR ${String(error)}` });
  }
}

function isAllowed({ secret }: State, { headers }: IncomingMessage, path: string): boolean {
  const [, token = new URL(path, "http://localhost").searchParams.get("_token")] =
    /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  return timingSafeEqual(digest(token ?? ""), secret);
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

async function answerTo(state: State, incoming: IncomingMessage, path: string): Promise<unknown> {
  const { method = "GET", headers } = incoming;
  if (!["GET", "HEAD", "POST", "PUT"].includes(method)) throw new Refused("ERR method not allowed", 405);
  const body = await readBody(incoming);
  const isEncoded = headers["upstash-encoding"] === "base64";
  const show = (reply: Reply) => toAnswer(reply, isEncoded);
  const [plain] = path.split("?");
  if (plain === "/pipeline") return (await run(state, readCommands(body, "pipeline"))).map(show);
  if (plain === "/multi-exec") return (await transact(state, readCommands(body, "multi-exec"))).map(show);
  const [reply = null] = await run(state, [readCommand(path, body)]);
  if (isRefusal(reply)) throw new Refused(reply.error);
  return show(reply);
}

/** One that is refused does not keep the others from being done. */
async function run({ connections, scripts }: State, commands: readonly Command[]): Promise<Reply[]> {
  const sent = commands.filter((command) => whyUnavailable(command) === undefined);
  const replies = sent.length > 0 ? await connections.run(sent.map(scripts.toServer)) : [];
  return commands.map((command) => {
    const error = whyUnavailable(command);
    return error === undefined ? scripts.toClient(command, replies.shift() ?? null) : { error };
  });
}

/** All or none of them. */
async function transact({ connections, scripts }: State, commands: readonly Command[]): Promise<Reply[]> {
  for (const command of commands) {
    const error = whyUnavailable(command);
    if (error !== undefined) throw new Refused(error);
  }
  const all = await connections.run([["MULTI"], ...commands.map(scripts.toServer), ["EXEC"]]);
  const done = all.at(-1) ?? null;
  if (Array.isArray(done)) return commands.map((command, index) => scripts.toClient(command, done[index] ?? null));
  const refused = all.find(isRefusal);
  throw new Refused(refused?.error ?? "EXECABORT Transaction discarded");
}
