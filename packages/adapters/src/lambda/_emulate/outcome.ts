/**
 * What an invocation comes to.
 * @module
 */
import type { IncomingMessage } from "node:http";

export type Outcome =
  /** The JSON that a handler returned. */
  | { kind: "result"; json: Buffer }
  /** Bytes as they come; on a failure the message carries trailers (see `trailerError`). */
  | { kind: "stream"; contentType: string; body: IncomingMessage }
  | FunctionError;

/** What the Invoke API calls a function error: thrown, timed out, crashed, or too large an answer. */
export interface FunctionError {
  kind: "error";
  type: string;
  message: string;
}

/** The failure that a streaming function reported after its last byte. */
export function trailerError(body: IncomingMessage): string | undefined {
  return body.trailers["lambda-runtime-function-error-type"];
}

/** Reads `{ errorType, errorMessage }` as the runtime client posts it. */
export function toFunctionError(body: Buffer, fallback: string): FunctionError {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = undefined;
  }
  const { errorType, errorMessage } = (value ?? {}) as { errorType?: unknown; errorMessage?: unknown }; // read below
  return {
    kind: "error",
    type: typeof errorType === "string" ? errorType : fallback,
    message: typeof errorMessage === "string" ? errorMessage : "",
  };
}
