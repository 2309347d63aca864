/**
 * One HTTP/1.1 exchange over a bare socket: nothing is tidied up on the way out, nothing is hidden on the way in.
 * @module
 */
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { GodwitError } from "@godwit/core/errors";

export interface RawRequest {
  method: string;
  /** As it stands in the request line: `/a//b?x=%zz`, even `//evil.test/`. */
  path: string;
  /** In this order. Host, Connection and the body's framing are added unless they are here. */
  headers: [name: string, value: string][];
  body?: Uint8Array;
  /** Sends the body in chunks of this many bytes, without a Content-Length. */
  chunked?: number;
  /** Hangs up once this many bytes of the body have come. */
  hangUpAfter?: number;
}

export interface RawAnswer {
  status: number;
  /** In order, names in lower case. */
  headers: [name: string, value: string][];
  body: Buffer;
  /** False when the connection ended before the answer did. */
  complete: boolean;
  /** How many pieces the body came in, by what the socket handed over. */
  pieces: number;
}

/** Milliseconds until an answer is given up. */
const PATIENCE = 30_000;
/** Bytes of one answer at the most. */
const LARGEST = 64 * 1024 * 1024;

/** Sends one request. Throws CONFORM_NO_ANSWER when nothing that is HTTP comes back in time. */
export function exchange(url: URL, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const reader = createReader(request.method);
    let settled = false;
    const socket = connect(Number(url.port), url.hostname);
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      const what = `${request.method} ${request.path.slice(0, 200)}`;
      reject(new GodwitError("CONFORM_NO_ANSWER", `${what} got no answer from ${url.host}: ${why}.`, { cause }));
    };
    const finish = (complete: boolean) => {
      settled = true;
      socket.destroy();
      const answer = reader.answer(complete);
      if (answer) resolve(answer);
      else fail("the connection ended before the head of an answer");
    };
    socket.setTimeout(PATIENCE, () => fail(`none within ${PATIENCE / 1000} s`));
    socket.on("error", (error) => (reader.answer(false) ? finish(false) : fail(error.message, error)));
    socket.on("connect", () => send(socket, serialize(request), () => settled));
    socket.on("data", (data) => {
      reader.push(data);
      if (reader.size() > LARGEST) return fail(`more than ${LARGEST} bytes came`);
      if (reader.done()) finish(true);
      else if (request.hangUpAfter !== undefined && reader.bodySize() >= request.hangUpAfter) finish(false);
    });
    socket.on("end", () => finish(reader.endsWithConnection()));
  });
}

/** Piece by piece, reading in between: a server may answer a body that it refuses before all of it is there. */
async function send(socket: Socket, parts: Iterable<string | Uint8Array>, isSettled: () => boolean): Promise<void> {
  for (const part of parts) {
    if (isSettled()) return;
    socket.write(part);
    await setImmediate();
  }
}

/** Bytes of a body that are written at a time. */
const PIECE = 16_384;

function* serialize({ method, path, headers, body, chunked }: RawRequest): Generator<string | Uint8Array> {
  const has = (name: string) => headers.some(([known]) => known.toLowerCase() === name);
  const lines = [`${method} ${path} HTTP/1.1`];
  // The same for every platform: a port that an emulator happened to get is not the app's to answer for.
  if (!has("host")) lines.push("Host: localhost");
  if (!has("connection")) lines.push("Connection: close");
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (body && chunked) lines.push("Transfer-Encoding: chunked");
  else if (body && !has("content-length")) lines.push(`Content-Length: ${body.length}`);
  // latin1: a header value is bytes (RFC 9110 section 5.5)
  yield Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (!body) return;
  if (!chunked) {
    for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
    return;
  }
  for (let at = 0; at < body.length; at += chunked) {
    const part = body.subarray(at, at + chunked);
    yield `${part.length.toString(16)}\r\n`;
    yield part;
    yield "\r\n";
  }
  yield "0\r\n\r\n";
}

type Framing = { kind: "none" } | { kind: "length"; length: number } | { kind: "chunked" } | { kind: "close" };

interface Head {
  status: number;
  headers: [string, string][];
  framing: Framing;
}

interface Reader {
  push(data: Buffer): void;
  size(): number;
  bodySize(): number;
  done(): boolean;
  endsWithConnection(): boolean;
  answer(complete: boolean): RawAnswer | undefined;
}

function createReader(method: string): Reader {
  let head: Head | undefined;
  let waiting = Buffer.alloc(0);
  const body: Buffer[] = [];
  let pieces = 0;
  let received = 0;
  let bodyBytes = 0;
  let done = false;

  const take = (data: Buffer) => {
    if (data.length === 0) return;
    body.push(data);
    bodyBytes += data.length;
  };

  function readHead(): void {
    for (;;) {
      const end = waiting.indexOf("\r\n\r\n");
      if (end < 0) return;
      const parsed = parseHead(waiting.subarray(0, end).toString("latin1"), method);
      waiting = waiting.subarray(end + 4);
      // An interim answer (RFC 9110 section 15.2) comes before the one that counts.
      if (parsed.status >= 200 || parsed.status === 101) {
        head = parsed;
        return;
      }
    }
  }

  function readBody(framing: Framing): void {
    if (framing.kind === "chunked") {
      readChunks();
    } else if (framing.kind === "none") {
      done = true;
    } else {
      take(waiting);
      waiting = Buffer.alloc(0);
      if (framing.kind === "length" && bodyBytes >= framing.length) done = true;
    }
  }

  function readChunks(): void {
    for (;;) {
      const line = waiting.indexOf("\r\n");
      if (line < 0) return;
      const length = Number.parseInt(waiting.subarray(0, line).toString("latin1"), 16);
      if (length === 0) {
        // The last chunk; trailers end with an empty line.
        if (waiting.indexOf("\r\n\r\n", line) >= 0) done = true;
        return;
      }
      if (!(waiting.length >= line + 2 + length + 2)) return;
      take(waiting.subarray(line + 2, line + 2 + length));
      waiting = waiting.subarray(line + 2 + length + 2);
    }
  }

  return {
    push(data) {
      received += data.length;
      waiting = Buffer.concat([waiting, data]);
      if (!head) readHead();
      const before = bodyBytes;
      if (head && !done) readBody(head.framing);
      if (bodyBytes > before) pieces++;
    },
    size: () => received,
    bodySize: () => bodyBytes,
    done: () => done,
    endsWithConnection: () => done || head?.framing.kind === "close",
    answer(complete) {
      return head && { status: head.status, headers: head.headers, body: Buffer.concat(body), complete, pieces };
    },
  };
}

function parseHead(text: string, method: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN);
  if (!status) throw new GodwitError("CONFORM_NO_ANSWER", `What came back is not HTTP/1.1: ${first.slice(0, 80)}`);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status, headers, framing: framingOf(status, method, new Map(headers)) };
}

/** RFC 9112 section 6.3. */
function framingOf(status: number, method: string, headers: Map<string, string>): Framing {
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return { kind: "none" };
  if (/\bchunked\b/i.test(headers.get("transfer-encoding") ?? "")) return { kind: "chunked" };
  const length = headers.get("content-length");
  if (length === undefined) return { kind: "close" };
  return Number(length) === 0 ? { kind: "none" } : { kind: "length", length: Number(length) };
}
