import { type Context, HttpError } from "@godwit/core";

/** Fields of one connection (RFC 9110 section 7.6.1), and those that fetch writes itself. */
const OWN = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

function forwarded(given: Headers): Headers {
  const headers = new Headers(given);
  const named = (given.get("connection") ?? "").split(",").map((name) => name.trim());
  for (const name of [...OWN, ...named]) if (name) headers.delete(name);
  return headers;
}

/** Sends every request on to the origin that the variable ORIGIN names. */
export default async function proxy(request: Request, context: Context<"/[[...path]]">): Promise<Response> {
  const { ORIGIN } = context.env;
  if (typeof ORIGIN !== "string" || !URL.canParse(ORIGIN)) {
    throw new HttpError(503, { title: "Service Unavailable", code: "ORIGIN_MISSING", detail: "ORIGIN is not set." });
  }
  // Not resolved against it: "//other.example/" would lead elsewhere.
  const url = new URL(ORIGIN);
  url.pathname = context.url.pathname;
  url.search = context.url.search;
  const headers = forwarded(request.headers);
  // fetch hands out decoded bytes: better that there is nothing to decode.
  headers.set("accept-encoding", "identity");
  const init: RequestInit & { duplex?: "half" } = {
    method: request.method,
    headers,
    redirect: "manual",
    signal: request.signal,
    ...(request.body && { body: request.body, duplex: "half" }),
  };
  let answer: Response;
  try {
    answer = await fetch(url, init);
    // What no Response can carry on.
    if (answer.status < 200 || answer.status > 599) throw new Error(`status ${answer.status}`);
  } catch (error) {
    context.log.warn("the origin gave no answer", { error });
    throw new HttpError(502, { title: "Bad Gateway", code: "ORIGIN_FAILED" });
  }
  const fields = forwarded(answer.headers);
  const length = answer.headers.get("content-length");
  if (/gzip|deflate|br|zstd/i.test(fields.get("content-encoding") ?? "")) fields.delete("content-encoding");
  else if (length !== null) fields.set("content-length", length);
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers: fields });
}
