/**
 * The content of a QUERY, by which its responses are told apart (RFC 10008 section 2.7).
 * @module
 */
import { digest } from "./key.ts";
import { CONTENT_NAME } from "./vary.ts";

/** What describes a content (RFC 9110 section 8), and so is a part of the question. */
const METADATA = ["content-type", "content-encoding", "content-language"];

export interface Taken {
  /** The same request, its content unread. */
  request: Request;
  /** All of it; undefined where it is longer than the bound. */
  content?: Uint8Array<ArrayBuffer>;
}

/** Reads the content up to a bound. Rejects as reading does. */
export async function takeContent(request: Request, most: number): Promise<Taken> {
  const { body } = request;
  if (!body) return { request, content: new Uint8Array() };
  if (Number(request.headers.get("content-length")) > most) return { request };
  const reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      const content = new Uint8Array(await new Blob(chunks).arrayBuffer());
      return { request: new Request(request, { body: content }), content };
    }
    chunks.push(value);
    size += value.byteLength;
    if (size > most) break;
  }
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const chunk = chunks.shift() ?? (await reader.read()).value;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const init: RequestInit & { duplex: "half" } = { body: rest, duplex: "half" };
  return { request: new Request(request, init) };
}

/** The fields that select a stored response, with the content as one of them: a URI's questions are forgotten together. */
export async function withContent(headers: Headers, content: Uint8Array<ArrayBuffer>): Promise<Headers> {
  const fields = new Headers(headers);
  const metadata = METADATA.map((name) => headers.get(name));
  fields.set(CONTENT_NAME, (await digest(content)) + JSON.stringify(metadata).replace(/[^!-~]/g, "_"));
  return fields;
}
