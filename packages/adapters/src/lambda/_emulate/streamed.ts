/**
 * A streamed answer on its way to the client: metadata as JSON, eight NULs, then bytes as they come; a failure after
 * the last byte stands in a trailer and cuts the client's connection, since the status has gone out.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, type Head, withType } from "./answer.ts";
import type { StreamFormat } from "./formats/format.ts";
import { trailerError } from "./outcome.ts";
import { STREAM_RESPONSE_LIMIT } from "./platform.ts";

const INTEGRATION = "application/vnd.awslambda.http-integration-response";
const DELIMITER = Buffer.alloc(8);

/** Resolves with an answer when the stream is not one that the front can send; otherwise sends it to its end. */
export async function sendStream(
  outcome: { contentType: string; body: IncomingMessage },
  format: StreamFormat,
  response: ServerResponse,
  fail: (why: string) => Answer,
): Promise<Answer | undefined> {
  const { body, contentType } = outcome;
  const chunks: AsyncIterator<Buffer> = body.iterator({ destroyOnReturn: false });
  try {
    let start: Start | string;
    if (contentType === INTEGRATION) start = await readPrelude(chunks, format);
    else if (format.bare) start = { head: format.bare(contentType), rest: Buffer.alloc(0) };
    else start = `its content type is ${contentType}, so it brings no metadata`;
    if (typeof start === "string") {
      await drain(chunks);
      return fail(trailerError(body) ?? start);
    }
    const { head, rest } = start;
    // Without metadata, or a type in it, the first bytes decide over the head.
    const typed = head.headers.some(([name]) => name.toLowerCase() === "content-type");
    const first = contentType === INTEGRATION && (typed || rest.length > 0) ? undefined : await chunks.next();
    if (contentType !== INTEGRATION && first?.done && trailerError(body) !== undefined) {
      return fail(`it failed: ${trailerError(body)}`);
    }
    const bytes = Buffer.concat([rest, first?.value ?? Buffer.alloc(0)]);
    const headers = withType(head.headers, bytes, format.type);
    if (!writeHead({ ...head, headers }, response)) {
      await drain(chunks);
      return fail("its headers cannot be sent");
    }
    let sent = 0;
    const send = async (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > STREAM_RESPONSE_LIMIT) response.destroy();
      // The platform runs a function to its end, whether or not its client is still there.
      if (response.destroyed || chunk.length === 0) return;
      if (!response.write(chunk)) await drained(response);
    };
    await send(bytes);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) await send(next.value);
    if (trailerError(body) === undefined) response.end();
    else response.destroy();
  } catch {
    // The environment died; what has not gone out cannot be told any more.
    if (!response.headersSent) return fail("its stream broke off");
    response.destroy();
  }
  return undefined;
}

interface Start {
  head: Head;
  rest: Buffer;
}

async function readPrelude(chunks: AsyncIterator<Buffer>, format: StreamFormat): Promise<Start | string> {
  let seen = Buffer.alloc(0);
  while (true) {
    const end = seen.indexOf(DELIMITER);
    if (end >= 0 && end + DELIMITER.length <= format.preludeLimit) {
      const head = format.head(parseJson(seen.subarray(0, end)));
      return head ? { head, rest: seen.subarray(end + DELIMITER.length) } : "its metadata is not valid";
    }
    if (seen.length > format.preludeLimit) {
      return `metadata and delimiter are not within the first ${format.preludeLimit} bytes`;
    }
    const next = await chunks.next();
    if (next.done) return "it ended before metadata and delimiter";
    seen = Buffer.concat([seen, next.value]);
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function writeHead({ status, headers }: Head, response: ServerResponse): boolean {
  try {
    response.writeHead(status, headers.filter(([name]) => name.toLowerCase() !== "content-length").flat());
    response.flushHeaders();
    return true;
  } catch {
    return false;
  }
}

async function drain(chunks: AsyncIterator<Buffer>): Promise<void> {
  while (!(await chunks.next()).done);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
