/**
 * Hands a request on to the process of a function, and its answer back, byte for byte.
 * @module
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, request as open, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { fail } from "./failure.ts";

/** 4.5 MB: https://vercel.com/docs/functions/limitations#request-body-size */
const BODY = 4_500_000;
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
]);
/** Vercel's own words: a client's are overwritten. */
const OWN = /^x-(?:vercel-|real-ip$|forwarded-|matched-path$)/;

export interface Exchange {
  /** Path and query as the function sees them. */
  target: string;
  port: number;
  /** Milliseconds until the head of the answer, and until its end. */
  first: number;
  whole: number;
  /** What the routes on the way add to the answer. */
  headers: [string, string][];
}

/** Resolves with the body, or with undefined once a longer one was refused with 413. */
export async function readBody(req: IncomingMessage, res: ServerResponse): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = Number(req.headers["content-length"] ?? 0);
  if (size <= BODY) {
    size = 0;
    for await (const chunk of req) {
      size += chunk.length;
      if (size > BODY) break;
      chunks.push(chunk);
    }
  }
  if (size <= BODY) return Buffer.concat(chunks);
  res.setHeader("connection", "close");
  fail(res, 413, "FUNCTION_PAYLOAD_TOO_LARGE");
  return undefined;
}

export function forward(req: IncomingMessage, res: ServerResponse, body: Buffer, exchange: Exchange): void {
  const { target, port, first, whole, headers } = exchange;
  const upstream = open({
    host: "127.0.0.1",
    port,
    method: req.method,
    path: target,
    headers: describe(req, body),
    agent: false, // a process that was stopped must not leave a dead connection behind
  });
  const begun = Date.now();
  let timer = setTimeout(late, first);
  function late() {
    fail(res, 504, "FUNCTION_INVOCATION_TIMEOUT");
    upstream.destroy();
  }
  res.once("close", () => {
    clearTimeout(timer);
    upstream.destroy();
  });
  upstream.on("error", () => fail(res, 502, "FUNCTION_INVOCATION_FAILED"));
  upstream.on("response", (answer) => {
    clearTimeout(timer);
    timer = setTimeout(late, begun + whole - Date.now());
    const fields = copy(answer.rawHeaders);
    for (const [name, value] of headers) fields.push(name, value);
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage, fields);
    res.write(Buffer.alloc(0)); // sends the head now, as Latin-1: flushHeaders() would send it as UTF-8
    // An answer that breaks off breaks off here as well.
    pipeline(answer, res, () => {});
  });
  upstream.end(body);
}

/** The fields of a request as Vercel's proxy hands them on. */
function describe(req: IncomingMessage, body: Buffer): string[] {
  const { rawHeaders, headers, socket } = req;
  const fields: string[] = [];
  const given = copy(rawHeaders);
  for (let at = 0; at < given.length; at += 2) {
    const name = given[at] ?? "";
    const lower = name.toLowerCase();
    if (!OWN.test(lower) && lower !== "content-length" && lower !== "expect") fields.push(name, given[at + 1] ?? "");
  }
  const ip = (socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, "");
  const framed = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  if (framed || body.length > 0) fields.push("content-length", String(body.length));
  return fields.concat(
    ...Object.entries({
      "x-forwarded-for": ip,
      "x-forwarded-host": headers.host ?? "localhost",
      "x-forwarded-proto": "http",
      "x-real-ip": ip,
      "x-vercel-deployment-url": headers.host ?? "localhost",
      "x-vercel-id": `dev1::dev1::${randomUUID()}`,
    }),
  );
}

function copy(rawHeaders: readonly string[]): string[] {
  const fields: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) fields.push(name, rawHeaders[at + 1] ?? "");
  }
  return fields;
}
