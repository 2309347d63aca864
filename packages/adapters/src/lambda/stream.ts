/**
 * Response streaming: a prelude of status and fields, eight NULs, then the bytes as they come.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 * @module
 */
import { HttpError } from "@godwit/core/errors";
import type { Format } from "./events.ts";
import { isBodiless, NOT_BYTES, refuse, toHead } from "./results.ts";

/** The part of Lambda's stream that is used. It is no `Writable`, but its `write` and events are. */
export interface ResponseStream {
  write(chunk: Uint8Array | string): boolean;
  end(): unknown;
  once(event: "drain" | "close" | "error", listener: () => void): unknown;
  setContentType(type: string): void;
}

/** The global `awslambda` of Lambda's Node runtime. */
export interface AwsLambda {
  streamifyResponse<H>(handler: H): H;
  HttpResponseStream: { from(stream: ResponseStream, meta: object): ResponseStream };
}

/** API Gateway looks for the end of the prelude in the first 16 KB, eight NULs included. */
const PRELUDE = 16_384 - 8;

/**
 * Sends a response, and ends the stream. Rejects when the body fails: the stream is then left open, since the runtime
 * has to end it with an error, so that the client sees a cut answer and not a short one.
 */
export async function sendStream(
  aws: AwsLambda,
  stream: ResponseStream,
  response: Response,
  format: Format,
  head: boolean,
): Promise<void> {
  const { body, status } = response;
  const bare = head || isBodiless(status) || !body;
  const meta = toHead(response, format, bare && !head && status !== 304 ? 0 : undefined, head);
  const tooLarge = format === "v1" && Buffer.byteLength(JSON.stringify(meta)) > PRELUDE;
  if (bare || tooLarge) body?.cancel().catch(() => {});
  if (tooLarge) {
    const detail = `Status and headers are over ${PRELUDE} bytes.`;
    return sendStream(
      aws,
      stream,
      refuse(new HttpError(502, { code: "LAMBDA_HEADERS_TOO_LARGE", detail })),
      format,
      head,
    );
  }
  const out = aws.HttpResponseStream.from(stream, meta);
  // The prelude goes out with the first write alone: without one, `end` loses the status.
  out.write("");
  if (!bare) await pump(body, out);
  out.end();
}

/** Writes a body at the speed of the stream. A stream that closes cancels it. */
async function pump(body: ReadableStream<Uint8Array>, out: ResponseStream): Promise<void> {
  const reader = body.getReader();
  let closed = false;
  // A stream that has failed never drains: waiting for that alone would hang until the time-out.
  const gone = new Promise<void>((resolve) => {
    const close = () => {
      closed = true;
      reader.cancel().catch(() => {});
      resolve();
    };
    out.once("close", close);
    out.once("error", close);
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done || closed) return;
    // Fetch section 2.2.4; and the runtime writes other values as JSON.
    if (!(value instanceof Uint8Array)) {
      reader.cancel().catch(() => {});
      throw new TypeError(NOT_BYTES);
    }
    if (!out.write(value)) await Promise.race([new Promise<void>((resolve) => out.once("drain", resolve)), gone]);
  }
}
