/**
 * Puts the overlay's script into pages while they stream.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";
import { OVERLAY_SCRIPT } from "./overlay.ts";

/** The overlay's element. The nonce is for a page's policy. */
export function scriptWith(nonce: string): string {
  return `<script src="${OVERLAY_SCRIPT}" nonce="${nonce}" async></script>`;
}

const END_OF_HEAD = "</head>";
const BODYLESS = new Set([204, 205, 206, 304]);

/** Whether a browser asks for a page, and not a script of one for data. */
export function wantsPage({ method, headers }: IncomingMessage): boolean {
  const purpose = headers["sec-fetch-dest"];
  if (method !== "GET" || (purpose !== undefined && purpose !== "document")) return false;
  return headers.accept?.includes("text/html") ?? false;
}

/** Whether an answer is a whole page whose bytes are its letters. */
export function isPage({ statusCode = 0, headers }: IncomingMessage): boolean {
  const type = headers["content-type"] ?? "";
  const encoding = headers["content-encoding"] ?? "identity";
  return /^text\/html\b/i.test(type) && !/utf-?16/i.test(type) && encoding === "identity" && !BODYLESS.has(statusCode);
}

/** Writes the script before `</head>`, else at the end; always once, so that a length grows by the script's. */
export function createInjector(script: string): Transform {
  let held = "";
  let done = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      if (done) return next(null, chunk);
      const text = held + chunk.toString("latin1"); // one letter a byte, whatever the page's charset
      const at = text.toLowerCase().indexOf(END_OF_HEAD);
      if (at < 0) {
        // Only what may be the beginning of it waits for more.
        const kept = startOf(text);
        held = text.slice(text.length - kept);
        return next(null, Buffer.from(text.slice(0, text.length - kept), "latin1"));
      }
      done = true;
      held = "";
      next(null, Buffer.from(text.slice(0, at) + script + text.slice(at), "latin1"));
    },
    flush(next) {
      next(null, Buffer.from(done ? "" : held + script, "latin1"));
    },
  });
}

/** How many letters at the end may begin `</head>`. */
function startOf(text: string): number {
  const end = text.slice(1 - END_OF_HEAD.length).toLowerCase();
  for (let length = end.length; length > 0; length--) {
    if (END_OF_HEAD.startsWith(end.slice(-length))) return length;
  }
  return 0;
}
