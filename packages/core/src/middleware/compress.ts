/**
 * Compresses answers with the platform's CompressionStream.
 * @module
 */
import { joined, readBeginning, resumed } from "../http/bytes.ts";
import { addVary } from "../http/headers.ts";
import type { Middleware } from "../types.ts";

/** As `Content-Encoding` spells them. */
export type Encoding = "br" | "gzip" | "deflate" | "zstd";

export interface CompressOptions {
  /**
   * What may be used, the preferred first. Default `["gzip"]`, which every platform with a CompressionStream has. One
   * that this platform lacks is passed over. `br` runs at its highest effort in Node: small, and slow for live answers.
   */
  encodings?: readonly Encoding[];
  /** Bodies shorter than this many bytes stay as they are. Default 1,024. */
  minBytes?: number;
}

/**
 * Compresses text-like answers for clients that accept it by `Accept-Encoding` with its quality values (RFC 9110
 * section 12.5.3). Never: event streams, answers that have a `Content-Encoding`, a `Content-Range` or
 * `Cache-Control: no-transform`, small ones, and anything where the platform has no CompressionStream (Workers and
 * Vercel compress at their edge). `Vary` is set wherever the choice could differ, `Content-Length` and `Accept-Ranges`
 * go, and a strong ETag becomes weak, since the bytes are others. The beginning of a stream is held until `minBytes`
 * are there, and CompressionStream has no flush: keep this off routes that stream slowly.
 *
 * @example export default [compress(), etag()];
 */
export function compress({ encodings = ["gzip"], minBytes = 1_024 }: CompressOptions = {}): Middleware {
  return async function compress(request, _context, next) {
    const response = await next();
    if (!isCompressible(response)) return response;
    const [encoding, compressor] = choose(request.headers.get("accept-encoding"), encodings);
    const headers = new Headers(response.headers);
    addVary(headers, "Accept-Encoding");
    const { status, statusText } = response;
    const answer = (body: BodyInit | null) => new Response(body, { status, statusText, headers });
    const length = headers.get("content-length");
    if (!response.body || !compressor || (length !== null && Number(length) < minBytes)) return answer(response.body);

    const beginning = await readBeginning(response.body, minBytes - 1);
    if (!beginning.rest) return answer(joined(beginning));
    headers.set("content-encoding", encoding);
    headers.delete("content-length");
    headers.delete("accept-ranges");
    const tag = headers.get("etag");
    if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`);
    // workerd encodes a body by its Content-Encoding once more unless it is told that this has been done.
    const init: ResponseInit & { encodeBody: "manual" } = { status, statusText, headers, encodeBody: "manual" }; // not in lib.dom
    return new Response(compressed(resumed(beginning), compressor), init);
  };
}

function isCompressible({ body, status, headers }: Response): boolean {
  const type = headers.get("content-type") ?? "";
  return (
    body !== null &&
    status !== 206 &&
    !headers.has("content-encoding") &&
    !headers.has("content-range") &&
    !/\bno-transform\b/i.test(headers.get("cache-control") ?? "") &&
    !/^text\/event-stream/i.test(type) &&
    /^(?:text\/|image\/(?:svg|bmp)|font\/(?:ttf|otf)|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|ecmascript|wasm|graphql|manifest|ndjson|x-ndjson|jsonl|rtf|yaml|toml|sql)\b)/i.test(
      type,
    )
  );
}

/** The best encoding that the client accepts and the platform has. */
function choose(
  field: string | null,
  encodings: readonly Encoding[],
): [Encoding, CompressionStream] | [undefined, undefined] {
  const encoding = negotiate(field, encodings);
  if (!encoding) return [undefined, undefined];
  const compressor = createCompressor(encoding);
  if (compressor) return [encoding, compressor];
  return choose(
    field,
    encodings.filter((other) => other !== encoding),
  );
}

/**
 * The encoding of the highest quality, the server's order deciding between equals; undefined where the client rather
 * has the plain bytes, or says nothing.
 */
function negotiate(field: string | null, encodings: readonly Encoding[]): Encoding | undefined {
  if (!field) return undefined;
  const qualities = new Map<string, number>();
  for (const item of field.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = q ? Number(q.slice(2)) : 1;
    qualities.set(coding === "x-gzip" ? "gzip" : coding, quality >= 0 && quality <= 1 ? quality : 0);
  }
  const other = qualities.get("*") ?? 0;
  let best: Encoding | undefined;
  // Plain bytes that the field does not name are acceptable, and the last choice.
  let highest = qualities.get("identity") ?? 0;
  for (const encoding of encodings) {
    const quality = qualities.get(encoding) ?? other;
    if (quality > highest || (quality === highest && quality > 0 && !best)) {
      best = encoding;
      highest = quality;
    }
  }
  return best;
}

/** Undefined where the platform has no CompressionStream, or not for this encoding. */
function createCompressor(encoding: Encoding): CompressionStream | undefined {
  try {
    const format = encoding === "br" ? "brotli" : encoding;
    return new CompressionStream(format as CompressionFormat); // the platform says whether it knows it
  } catch {
    return undefined;
  }
}

/**
 * Not `pipeThrough`: in Node 24, cancelling what it gives does not stop the source, which is then read for ever into a
 * compressor that nobody reads.
 */
function compressed(source: ReadableStream<Uint8Array<ArrayBuffer>>, compressor: CompressionStream): ReadableStream {
  const reader = source.getReader();
  const writer = compressor.writable.getWriter();
  const output = compressor.readable.getReader();
  let stopped = false;
  const pump = async () => {
    while (!stopped) {
      const { done, value } = await reader.read();
      if (stopped) return;
      if (done) return writer.close();
      await writer.write(value);
    }
  };
  const failure = new Promise<never>((_, reject) => {
    pump().catch(reject);
  });
  failure.catch(() => {});
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await Promise.race([output.read(), failure]);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        stopped = true;
        writer.abort(reason).catch(() => {});
        output.cancel(reason).catch(() => {});
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
