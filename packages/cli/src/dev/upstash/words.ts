/**
 * Upstash's requests as commands, and replies as its JSON.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { type Command, isRefusal, type Reply } from "./resp.ts";

/** What a request is answered with in the place of a result. */
export class Refused extends Error {
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Upstash's own limit of a request on its smaller plans. */
const LARGEST = 10 * 1024 * 1024;

/** Rejects with what is refused before it is held in memory. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = Number(incoming.headers["content-length"] ?? 0);
  const check = (): void => {
    if (size > LARGEST) throw new Refused(`ERR max request size exceeded. Limit: ${LARGEST} bytes`, 413);
  };
  check();
  size = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    // no encoding is set
    size += chunk.length;
    check();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** `/set/a%20b/1?EX=10` -> `["set", "a b", "1"]`. */
export function readPath(path: string): string[] {
  const [plain = ""] = path.split("?");
  try {
    return plain === "/" ? [] : plain.slice(1).split("/").map(decodeURIComponent);
  } catch {
    throw new Refused("ERR failed to decode the path");
  }
}

/** Of the path, its body and then its query, else of a body that is a JSON array. */
export function readCommand(path: string, body: Buffer): Command {
  const words = readPath(path);
  if (words.length === 0) {
    const command = parse(body, "command");
    if (!isCommand(command)) throw new Refused("ERR failed to parse command: an array of strings and numbers, please");
    return command.map(String);
  }
  const query = new URLSearchParams(path.slice(path.split("?", 1).join("").length));
  query.delete("_token");
  const options = [...query].flatMap(([name, value]) => (value === "" ? [name] : [name, value]));
  return [...words, ...(body.length > 0 ? [body] : []), ...options];
}

/** Of a pipeline or a transaction. */
export function readCommands(body: Buffer, what: string): Command[] {
  const commands = parse(body, what);
  if (!Array.isArray(commands) || commands.length === 0 || !commands.every(isCommand)) {
    throw new Refused(
      `ERR failed to parse ${what} request: an array of commands, each an array of strings and numbers`,
    );
  }
  return commands.map((command) => command.map(String));
}

function parse(body: Buffer, what: string): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refused(`ERR failed to parse ${what}: the body is no JSON`);
  }
}

function isCommand(value: unknown): value is (string | number | boolean)[] {
  return Array.isArray(value) && value.every((word) => ["string", "number", "boolean"].includes(typeof word));
}

/** What a command gives in an answer: `{ result }` or `{ error }`. */
export function toAnswer(reply: Reply, isEncoded: boolean): { result: unknown } | { error: string } {
  if (isRefusal(reply)) return reply;
  // A line alone: within a list clients decode every string.
  if (reply === "OK") return { result: reply };
  return { result: toJson(reply, isEncoded) };
}

function toJson(reply: Reply, isEncoded: boolean): unknown {
  if (Array.isArray(reply)) return reply.map((item) => toJson(item, isEncoded));
  if (typeof reply === "string") return isEncoded ? Buffer.from(reply).toString("base64") : reply;
  if (Buffer.isBuffer(reply)) return reply.toString(isEncoded ? "base64" : "utf8");
  return reply;
}
