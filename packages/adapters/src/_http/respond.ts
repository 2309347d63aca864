/**
 * From a Response to a node:http answer: small bodies in one write with their length, others as they come, at the
 * speed of the client.
 * @module
 */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { isDecoded } from "./decoded.ts";
import type { Take, Taken } from "./light-response.ts";

export type Outgoing = ServerResponse<IncomingMessage> | Http2ServerResponse<Http2ServerRequest>;

export interface SendOptions {
  /** The answer is to a HEAD request. */
  head?: boolean;
  /** HTTP/1.1: the connection ends with this answer. */
  close?: boolean;
  /** Milliseconds for which a client may leave a full socket unread. Default: for ever. */
  stall?: number;
  /** Gives the body of a light response, so that no stream is made. */
  take?: Take;
  /** Hears why a body failed. */
  onError?(error: unknown): void;
}

/** Bytes up to which a body is joined with its head. */
const SMALL = 8192;

/**
 * Fields of one connection (RFC 9110 section 7.6.1): the server's own business, and an error in HTTP/2. `Trailer` is
 * among them: a Response has no trailers that it could announce.
 */
const HOP_BY_HOP = /^(?:(?:proxy-)?connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings)$/;

/**
 * Sends a response. It settles when the last byte is handed to the socket, or the client is gone; it never rejects. A
 * body that fails cuts the connection, so that the client sees an aborted answer, not a short one. What HTTP cannot carry
 * (a status or a field that it does not have, a body that was read before) is a 500 without content.
 */
export function sendResponse(out: Outgoing, response: Response, options: SendOptions = {}): Promise<void> | undefined {
  const taken = options.take?.(response);
  if (!taken) return sendStream(out, response, options);
  try {
    if (!isGone(out)) sendWhole(out, response, taken, options);
  } catch (error) {
    fail(out, options, error);
  }
}

function sendWhole(out: Outgoing, response: Response, { body, fields }: Taken, options: SendOptions): void {
  if (body === null || options.head || hasNoBody(response.status)) {
    sendEmpty(out, response, options, fields);
    return;
  }
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  writeHead(out, response, options, length, fields);
  if (length === 0) out.end();
  else if (typeof body !== "string") end(out, body);
  else if (length > body.length || "stream" in out) end(out, Buffer.from(body));
  else out.end(body, "latin1"); // ASCII alone
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** RFC 9110 section 8.6: no length in a 204; in a 304 and for HEAD the length would be that of a GET's body. */
function sendEmpty(out: Outgoing, response: Response, options: SendOptions, fields?: readonly string[]): void {
  const { status } = response;
  writeHead(out, response, options, options.head || status === 204 || status === 304 ? undefined : 0, fields);
  out.end();
}

function fail(out: Outgoing, options: SendOptions, error: unknown): void {
  options.onError?.(error);
  if (!out.writableEnded) out.destroy(error instanceof Error ? error : undefined);
}

async function sendStream(out: Outgoing, response: Response, options: SendOptions): Promise<void> {
  const { body } = response;
  try {
    if (isGone(out)) {
      await body?.cancel(gone());
    } else if (!body || options.head || hasNoBody(response.status)) {
      body?.cancel().catch(() => {});
      sendEmpty(out, response, options);
    } else {
      const reader = readerOf(out, body);
      try {
        await sendBody(out, response, reader, options);
      } catch (error) {
        // What feeds the body learns that nobody takes the rest.
        reader.cancel(error).catch(() => {});
        throw error;
      }
    }
  } catch (error) {
    fail(out, options, error);
  }
}

/** Answers 500: nothing has been sent yet. */
function refuse(out: Outgoing): void {
  const fields = { "content-length": 0 };
  if ("stream" in out) out.writeHead(500, fields);
  else out.writeHead(500, "Internal Server Error", fields);
  out.end();
}

/** A body that something has a reader of already cannot be sent. */
function readerOf(out: Outgoing, body: ReadableStream<Uint8Array>): Reader {
  try {
    return body.getReader();
  } catch (error) {
    refuse(out);
    throw error;
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Reading = ReturnType<Reader["read"]>;

async function sendBody(out: Outgoing, response: Response, reader: Reader, options: SendOptions): Promise<void> {
  const first = reader.read();
  const head = await soon(first);
  if (head?.done) {
    writeHead(out, response, options, 0);
    out.end();
    return;
  }
  const second = head && reader.read();
  if (head && second && (await soon(second))?.done) {
    const bytes = toBytes(head.value);
    writeHead(out, response, options, bytes.byteLength);
    end(out, bytes);
    return;
  }
  writeHead(out, response, options);
  // The first event of a stream may be far away: the head goes ahead of it. Not by flushHeaders(), which writes it as
  // UTF-8, where every other way writes Latin-1.
  if (!head && !("stream" in out)) out.write(Buffer.alloc(0));
  await stream(out, reader, [first, second], options.stall);
}

async function stream(out: Outgoing, reader: Reader, begun: (Reading | undefined)[], stall?: number): Promise<void> {
  const onClose = () => {
    reader.cancel(gone()).catch(() => {});
  };
  out.once("close", onClose);
  if (isGone(out)) onClose();
  try {
    for (;;) {
      const { done, value } = await (begun.shift() ?? reader.read());
      if (isGone(out)) return;
      if (done) break;
      if (!write(out, toBytes(value)) && !(await drained(out, stall))) return;
    }
    out.end();
  } finally {
    out.off("close", onClose);
  }
}

/** The response object of HTTP/2 does not say so itself. */
function isGone(out: Outgoing): boolean {
  return "stream" in out ? out.stream.destroyed || out.stream.closed : out.destroyed;
}

/** Fetch section 2.2.4: a chunk that is not bytes is an error, as it is on every other platform. */
function toBytes(chunk: Uint8Array): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(`A body stream gave ${typeof chunk} instead of a Uint8Array.`);
}

/**
 * The head and a string become one write; the head and bytes become a vectored one, which costs a third of a small
 * exchange. Latin-1 carries every byte as it is.
 */
function end(out: Outgoing, bytes: Uint8Array): void {
  if ("stream" in out) out.end(bytes);
  else if (bytes.byteLength > SMALL) out.end(bytes);
  else out.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"), "latin1");
}

/** False when the client is slower than the body. */
function write(out: Outgoing, chunk: Uint8Array): boolean {
  return "stream" in out ? out.write(chunk) : out.write(chunk);
}

/** True when the client has read on; false when it is gone, or was cut since it did not read for too long. */
function drained(out: Outgoing, stall: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = stall ? setTimeout(() => out.destroy(), stall) : undefined;
    const settle = (open: boolean) => () => {
      clearTimeout(timer);
      out.off("drain", onDrain);
      out.off("close", onClose);
      resolve(open);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    out.once("drain", onDrain);
    out.once("close", onClose);
    if (isGone(out)) onClose();
  });
}

/** What a promise gives within this turn of the event loop; undefined when it takes longer. Rejects as it does. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  // A body that is already there is settled after one or two microtasks; only others pay for a turn.
  for (let tick = 0; tick < 4 && !settled; tick++) await undefined;
  if (!settled) await new Promise((resolve) => setImmediate(resolve));
  return settled ? promise : undefined;
}

function writeHead(
  out: Outgoing,
  response: Response,
  options: SendOptions,
  length?: number,
  fields?: readonly string[],
): void {
  try {
    setHead(out, response, options, length, fields ?? [...response.headers].flat());
  } catch (error) {
    refuse(out);
    throw error;
  }
}

/** `given` are names and values in turns, each Set-Cookie for itself. */
function setHead(
  out: Outgoing,
  response: Response,
  options: SendOptions,
  length: number | undefined,
  given: readonly string[],
): void {
  const { status } = response;
  // An interim answer would leave the client waiting for the final one, which is then the next request's.
  if (status < 200) throw new RangeError(`A Response with the status ${status} cannot be sent.`);
  const skipped = isDecoded(response) && !options.head ? /^content-(?:encoding|length)$/ : undefined;
  // A flat list is what node:http copies as it is.
  const fields: string[] = [];
  let declared = false;
  for (let at = 0; at < given.length; at += 2) {
    const name = given[at] ?? "";
    if (HOP_BY_HOP.test(name) || skipped?.test(name)) continue;
    if (name === "content-length") {
      if (length !== undefined || status === 204) continue;
      declared = true;
    }
    fields.push(name, given[at + 1] ?? "");
  }
  if (length !== undefined) fields.push("content-length", String(length));
  if ("stream" in out) {
    out.writeHead(status, toRecord(fields));
    return;
  }
  // A stream that does not keep to the length it declared would shift every later answer of the connection.
  if (length === undefined && declared && !options.head) out.strictContentLength = true;
  if (options.close) fields.push("connection", "close");
  out.writeHead(status, response.statusText || undefined, fields);
}

/** HTTP/2 of Node takes no list. */
function toRecord(list: readonly string[]): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  const cookies: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const [name = "", value = ""] = list.slice(at, at + 2);
    if (name === "set-cookie") cookies.push(value);
    else fields[name] = value;
  }
  if (cookies.length > 0) fields["set-cookie"] = cookies;
  return fields;
}

function gone(): DOMException {
  return new DOMException("The client went away.", "AbortError");
}
