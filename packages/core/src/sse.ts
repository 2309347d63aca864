/**
 * Server-sent events (WHATWG HTML section 9.2).
 * @module
 */
import { GodwitError } from "./errors.ts";

/** One event. Only what is there is written; an event without `data` is not dispatched by the browser. */
export interface SseEvent {
  /** A string as it is, anything else as JSON. Line breaks of any kind arrive as `\n`. */
  data?: unknown;
  /** Default: the browser takes it for `message`. */
  event?: string;
  /** Comes back as `Last-Event-ID` when the browser connects again. */
  id?: string;
  /** Milliseconds until the browser connects again. */
  retry?: number;
}

/**
 * Resolves when the client has room for more: await it. Rejects once the stream has ended, which it also does when more
 * than 1,048,576 bytes wait for a client that reads too slowly; a browser then connects again.
 */
export type SseSend = (event: SseEvent) => Promise<void>;

/** The stream ends when the iterable does, or when the promise of the function settles. */
export type SseSource = AsyncIterable<SseEvent> | ((send: SseSend, signal: AbortSignal) => Promise<void>);

export interface SseOptions {
  /** Ends the stream; give it `context.signal`. */
  signal?: AbortSignal;
  /** Milliseconds between comment lines that keep proxies from closing an idle stream. Default 15,000; 0 for none. */
  heartbeat?: number;
  headers?: HeadersInit;
}

/**
 * Answers with a stream of events. It ends with its source, when `signal` aborts, or when the client goes away; then
 * the iterator's `return` is called, or the function's own `signal` aborts and `send` rejects. A comment is sent at
 * once, so that headers reach the client before the first event. An `event` or `id` with a line break, or a `retry`
 * that is no whole number, throws `SSE_FIELD_INVALID`.
 *
 * @example
 * export function GET(request: Request, context: Context) {
 *   return sse(ticks(), { signal: context.signal });
 * }
 * @example
 * return sse(async (send, signal) => {
 *   for await (const order of orders(signal)) await send({ event: "order", id: order.id, data: order });
 * }, { signal: context.signal });
 */
export function sse(source: SseSource, options: SseOptions = {}): Response {
  const headers = new Headers(options.headers);
  headers.set("content-type", "text/event-stream; charset=utf-8");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-cache, no-transform");
  return new Response(events(source, options), { headers });
}

/** Bytes that may wait where nobody awaits `send`. */
const MOST_WAITING = 1_048_576;

function events(source: SseSource, { signal, heartbeat = 15_000 }: SseOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = new AbortController();
  const iterator = typeof source === "function" ? undefined : source[Symbol.asyncIterator]();
  let timer: ReturnType<typeof setInterval> | undefined;
  let hasRoom = (): void => {};
  let room: Promise<void> | undefined;
  let stream: ReadableStreamDefaultController<Uint8Array>;

  const write = (text: string) => stream.enqueue(encoder.encode(text));
  const finish = () => {
    clearInterval(timer);
    signal?.removeEventListener("abort", end);
    stop.abort();
    hasRoom();
  };
  const fail = (error: unknown) => {
    if (stop.signal.aborted) return;
    finish();
    stream.error(error);
    leave();
  };
  function end(): void {
    if (stop.signal.aborted) return;
    finish();
    stream.close();
    leave();
  }
  const leave = () => {
    Promise.resolve(iterator?.return?.()).catch(() => {});
  };

  const deliver = async (event: SseEvent) => {
    const text = printEvent(event);
    if ((stream.desiredSize ?? 0) < -MOST_WAITING) {
      fail(new GodwitError("SSE_QUEUE_FULL", "The client reads slower than events are sent. Await send()."));
    }
    stop.signal.throwIfAborted();
    write(text);
    while ((stream.desiredSize ?? 0) <= 0 && !stop.signal.aborted) {
      room ??= new Promise((resolve) => {
        hasRoom = resolve;
      });
      await room;
    }
    stop.signal.throwIfAborted();
  };
  const send: SseSend = (event) => {
    const sent = deliver(event);
    // Marked as handled: a send() that nobody awaits must not end the process once the client has gone.
    sent.catch(() => {});
    return sent;
  };
  const run = async () => {
    if (typeof source === "function") return source(send, stop.signal);
    for (let step = await iterator?.next(); step && !step.done; step = await iterator?.next()) await send(step.value);
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stream = controller;
        if (signal?.aborted) return end();
        signal?.addEventListener("abort", end);
        write(":\n\n");
        if (heartbeat > 0) timer = setInterval(() => (controller.desiredSize ?? 0) > 0 && write(":\n\n"), heartbeat);
        run().then(end, fail);
      },
      pull() {
        room = undefined;
        hasRoom();
      },
      cancel() {
        finish();
        leave();
      },
    },
    { highWaterMark: 1, size: (chunk) => chunk.byteLength },
  );
}

function printEvent({ event, id, retry, data }: SseEvent): string {
  let text = "";
  for (const [name, value] of Object.entries({ event, id })) {
    if (value === undefined) continue;
    // A NUL makes browsers ignore an id.
    if (/[\r\n\0]/.test(value)) throw new GodwitError("SSE_FIELD_INVALID", `An event's ${name} must be one line.`);
    text += `${name}: ${value}\n`;
  }
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) {
      throw new GodwitError("SSE_FIELD_INVALID", "An event's retry must be a whole number of milliseconds.");
    }
    text += `retry: ${retry}\n`;
  }
  if (data !== undefined) {
    const value = typeof data === "string" ? data : JSON.stringify(data);
    for (const line of value.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  }
  return `${text}\n`;
}
