/**
 * Short ways to a Response. Each is a plain function over the web's own classes; `new Response()` is as good.
 * @module
 */
import { GodwitError } from "./errors.ts";

/** A content type that `init.headers` may overrule. */
function typed(body: BodyInit | null, type: string, init?: ResponseInit): Response {
  let headers: HeadersInit = { "content-type": type };
  if (init?.headers) {
    const given = new Headers(init.headers);
    if (!given.has("content-type")) given.set("content-type", type);
    headers = given;
  }
  return new Response(body, { ...init, headers });
}

/**
 * JSON as `application/json; charset=utf-8` (RFC 8259). Throws `JSON_IMPOSSIBLE` for what JSON has no form for, such as
 * `undefined` or a function, and a TypeError for a cycle or a BigInt.
 *
 * @example return json({ id }, { status: 201, headers: { location: `/users/${id}` } });
 */
export function json(data: unknown, init?: ResponseInit): Response {
  const body: string | undefined = JSON.stringify(data);
  if (body === undefined) {
    throw new GodwitError("JSON_IMPOSSIBLE", `json() was given a ${typeof data}. Give it null, or use noContent().`);
  }
  return typed(body, "application/json; charset=utf-8", init);
}

/** Text as `text/plain;charset=UTF-8`, which is what a string has by itself (Fetch section 5.2). */
export function text(body: string, init?: ResponseInit): Response {
  return new Response(body, init);
}

/** Markup as `text/html; charset=utf-8`. Nothing is escaped: that is the template's work. */
export function html(body: string, init?: ResponseInit): Response {
  return typed(body, "text/html; charset=utf-8", init);
}

/** A 204. */
export function noContent(init?: ResponseInit): Response {
  return new Response(null, { ...init, status: 204 });
}

export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/**
 * A redirect; `location` may be relative (RFC 9110 section 10.2.2). Spaces and characters beyond ASCII are
 * percent-encoded; a control character, such as a line break that would start another header, throws
 * `REDIRECT_INVALID`. It does not judge where the location leads: `//elsewhere.example` is another host, so a location
 * that a client chose has to be checked first.
 *
 * @param status 302 by default. 303 makes the next request a GET; 307 and 308 keep its method and body.
 * @example return redirect("/login", 303);
 */
export function redirect(location: string | URL, status: RedirectStatus = 302, init?: ResponseInit): Response {
  const target = String(location);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header
  if (target === "" || /[\0-\x1f\x7f]/.test(target)) {
    throw new GodwitError("REDIRECT_INVALID", "redirect() was given an empty location or one with control characters.");
  }
  const headers = new Headers(init?.headers);
  headers.set(
    "location",
    target.replace(/[^!-~]+/g, (part) => encodeURIComponent(part.toWellFormed())),
  );
  return new Response(null, { ...init, status, headers });
}

/** What a body may be made of: strings become UTF-8. */
export type StreamSource = ReadableStream<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * A streamed answer. The next chunk is asked for when the client has room for it. A client that goes away cancels the
 * source: an async generator runs its `finally` blocks (once what it awaits has settled). A failure of the source cuts
 * the answer short, since its status has been sent. Content type: `application/octet-stream` unless `init` says.
 *
 * @example
 * return stream(rows(), { headers: { "content-type": "text/csv; charset=utf-8" } });
 */
export function stream(source: StreamSource, init?: ResponseInit): Response {
  return typed(encoded(source), "application/octet-stream", init);
}

function encoded(source: StreamSource): ReadableStream<Uint8Array> {
  const chunks = iteratorOf(source);
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await chunks.next();
          if (done) return controller.close();
          const bytes = typeof value === "string" ? encoder.encode(value) : value;
          // An empty chunk would end a body in chunked transfer coding.
          if (bytes.byteLength > 0) return controller.enqueue(bytes);
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function iteratorOf(source: StreamSource): AsyncIterator<string | Uint8Array> {
  if (!("getReader" in source)) return source[Symbol.asyncIterator]();
  const reader = source.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<string | Uint8Array>>, // a done read has no value either way
    return: async () => ({ done: true, value: await reader.cancel() }),
  };
}
