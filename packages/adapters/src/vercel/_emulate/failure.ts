/**
 * Answers that Vercel's proxy gives itself: https://vercel.com/docs/errors
 * @module
 */
import type { ServerResponse } from "node:http";

export type Failure =
  | "FUNCTION_INVOCATION_FAILED"
  | "FUNCTION_INVOCATION_TIMEOUT"
  | "FUNCTION_PAYLOAD_TOO_LARGE"
  | "INVALID_REQUEST_METHOD"
  | "MALFORMED_REQUEST_HEADER"
  | "NOT_FOUND";

export function fail(res: ServerResponse, status: number, code: Failure): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  res.writeHead(status, { "content-type": "text/plain; charset=utf-8", "x-vercel-error": code });
  res.end(`${code}\n`);
}
