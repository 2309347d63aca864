/**
 * The body of one incoming message: read once, never more than its limit, with backpressure to the socket.
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { tooLarge } from "@godwit/core/http/too-large";

export type Message = IncomingMessage | Http2ServerRequest;

export class IncomingBody {
  /** Nothing follows the head, as far as the head says. */
  readonly empty: boolean;
  /** Somebody has asked for the bytes. */
  used = false;
  /** The client sent more than the limit. */
  exceeded = false;
  readonly #message: Message;
  readonly #limit: number;
  readonly #onFirstRead: (() => void) | undefined;

  /**
   * Reading past `limit` bytes rejects with an HttpError 413. `onFirstRead` is called when somebody first wants the body:
   * the place to send `100 Continue`.
   */
  constructor(message: Message, limit: number = Number.POSITIVE_INFINITY, onFirstRead?: () => void) {
    this.#message = message;
    this.#limit = limit;
    this.#onFirstRead = onFirstRead;
    this.empty = !hasBody(message);
  }

  /** All bytes at once. */
  bytes(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      this.#listen({
        data: (chunk) => chunks.push(chunk),
        end: () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
        error: reject,
      });
    });
  }

  /** The bytes as they arrive. The socket is read only while the reader wants more. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const message = this.#message;
    let begun = false;
    let over = false;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        if (begun) {
          message.resume();
          return;
        }
        begun = true;
        this.#listen({
          data(chunk) {
            if (over || chunk.length === 0) return;
            // A copy: a byte stream detaches what it is given, and the parser's chunks share one slab.
            controller.enqueue(new Uint8Array(chunk));
            if ((controller.desiredSize ?? 0) <= 0) message.pause();
          },
          end() {
            if (over) return;
            over = true;
            controller.close();
            // A waiting BYOB reader is only told of the end by an answer of its own.
            controller.byobRequest?.respond(0);
          },
          error(cause) {
            if (over) return;
            over = true;
            controller.error(cause);
          },
        });
      },
      cancel() {
        over = true;
        message.resume();
      },
    });
  }

  /** Lets what was not read go by, so that the connection can be used again; past `most` bytes it is cut instead. */
  discard(most: number): void {
    const message = this.#message;
    if (message.complete || message.destroyed) return;
    let left = most;
    message.on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left >= 0) return;
      if ("stream" in message)
        message.stream.close(11); // ENHANCE_YOUR_CALM, RFC 9113 section 7
      else message.destroy();
    });
    message.on("error", () => {});
    message.resume();
  }

  #listen(on: { data(chunk: Buffer): void; end(): void; error(cause: unknown): void }): void {
    const message = this.#message;
    const limit = this.#limit;
    this.used = true;
    if (message.destroyed && !message.readableEnded) {
      on.error(gone());
      return;
    }
    this.#onFirstRead?.();
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      if (this.exceeded) return;
      size += chunk.length;
      if (size <= limit) {
        on.data(chunk);
        return;
      }
      this.exceeded = true;
      on.error(tooLarge(limit));
    });
    message.on("end", () => {
      if (!this.exceeded) on.end();
    });
    message.on("error", () => on.error(gone()));
    message.on("close", () => {
      if (!message.readableEnded) on.error(gone());
    });
  }
}

function gone(): DOMException {
  return new DOMException("The client went away before its body was complete.", "AbortError");
}

function hasBody(message: Message): boolean {
  if ("stream" in message) return !message.stream.endAfterHeaders;
  const { headers } = message;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
