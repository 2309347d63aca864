/**
 * Response streaming: a prelude of status and fields, eight NULs, then the bytes as they come.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 * @module
 */
import type { Format } from "./events.ts";
import { isBodiless, NOT_BYTES, refuseSize, toHead } from "./results.ts";

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
  const length = bare && !head && status !== 304 ? 0 : undefined;
  let meta = toHead(response, format, length);
  let send = bare ? null : body;
  if (bare) body?.cancel().catch(() => {});
  if (format === "v1" && Buffer.byteLength(JSON.stringify(meta)) > PRELUDE) {
    body?.cancel().catch(() => {});
    const answer = refuseSize({
      code: "LAMBDA_HEADERS_TOO_LARGE",
      detail: `Status and headers are over ${PRELUDE} bytes.`,
    });
    meta = toHead(answer, format);
    send = answer.body;
  }
  const out = aws.HttpResponseStream.from(stream, meta);
  // The prelude goes out with the first write alone: without one, `end` loses the status.
  out.write("");
  if (send) await pump(send, out);
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
    if (!(value instanceof Uint8Array)) throw new TypeError(NOT_BYTES);
    if (!out.write(value)) await Promise.race([new Promise<void>((resolve) => out.once("drain", resolve)), gone]);
  }
}
