import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, HttpError } from "@godwit/core";
import { askOrigin, type Question } from "../lib/origin.ts";

/** Fields of one connection (RFC 9110 section 7.6.1), and those that whoever sends a message writes itself. */
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

function textsOf(headers: Parameters<Question["onInterim"]>[1]): Record<string, string> {
  const fields = Object.entries(headers).filter((field): field is [string, string] => typeof field[1] === "string");
  return Object.fromEntries(fields);
}

/** Sends answers before the final one on, where the platform has a way to: on Node. */
function interimOf({ platform, log }: Pick<Context, "platform" | "log">): Question["onInterim"] {
  const raw = platform.name === "node" ? platform.raw : undefined;
  const { request, response } = (raw ?? {}) as { request?: IncomingMessage; response?: ServerResponse }; // Node's own
  return (status, headers) => {
    // Not to HTTP/1.0 (RFC 9110 section 15.2), and nothing after the answer: the cache may refresh behind it.
    if (!request || !response || request.httpVersion === "1.0" || response.headersSent) return;
    try {
      if (status === 102) response.writeProcessing();
      else if (status === 103 && headers.link) response.writeEarlyHints(textsOf(headers));
    } catch (error) {
      // Node takes no Link that is malformed; what is only a hint may be left out.
      log.warn("an answer before the final one does not pass", { error, status });
    }
  };
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
  const { method, body, signal } = request;
  let answer: Response;
  try {
    answer = await askOrigin(url, {
      method,
      headers: forwarded(request.headers),
      body,
      signal,
      onInterim: interimOf(context),
    });
  } catch (error) {
    context.log.warn("the origin gave no answer", { error });
    throw new HttpError(502, { title: "Bad Gateway", code: "ORIGIN_FAILED" });
  }
  const headers = forwarded(answer.headers);
  const length = answer.headers.get("content-length");
  if (length !== null) headers.set("content-length", length);
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers });
}
