/**
 * Hands a request on to the process of a function, and its answer back, byte for byte.
 * @module
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, request as open, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { clientAddress, hasBody, pairsOf, sendHead } from "../../_emulate/raw.ts";
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
/** What the proxy says itself: a client's are overwritten. */
const OWN = /^(?:x-(?:vercel-|real-ip$|forwarded-|matched-path$)|content-length$|expect$)/i;

export interface Exchange {
  /** Path and query as the function sees them. */
  target: string;
  port: number;
  /** That of the URL which the client asked for. */
  scheme: "http" | "https";
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
  const { target, port, scheme, first, whole, headers } = exchange;
  if (res.destroyed) return; // the client left while its body was read
  const upstream = open({
    host: "127.0.0.1",
    port,
    method: req.method,
    path: target,
    headers: describe(req, body, scheme),
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
    if (res.destroyed) return void upstream.destroy(); // a pipe into it would throw
    timer = setTimeout(late, begun + whole - Date.now());
    const fields = copy(answer.rawHeaders);
    for (const [name, value] of headers) fields.push(name, value);
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage, fields);
    sendHead(res);
    // An answer that breaks off breaks off here as well.
    pipeline(answer, res, () => {});
  });
  upstream.end(body);
}

/** The fields of a request as Vercel's proxy hands them on. */
function describe(req: IncomingMessage, body: Buffer, scheme: string): string[] {
  const { rawHeaders, headers } = req;
  const fields = copy(rawHeaders, OWN);
  const ip = clientAddress(req);
  if (hasBody(req) || body.length > 0) fields.push("content-length", String(body.length));
  return fields.concat(
    ...Object.entries({
      "x-forwarded-for": ip,
      "x-forwarded-host": headers.host ?? "localhost",
      "x-forwarded-proto": scheme,
      "x-real-ip": ip,
      "x-vercel-deployment-url": headers.host ?? "localhost",
      "x-vercel-id": `dev1::dev1::${randomUUID()}`,
    }),
  );
}

function copy(rawHeaders: readonly string[], without?: RegExp): string[] {
  const kept = pairsOf(rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !without?.test(name));
  return kept.flat();
}
