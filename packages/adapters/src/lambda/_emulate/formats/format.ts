/**
 * What a front is made of: how it writes an event, how it reads a result, and what it says when things go wrong.
 * @module
 */
import type { Answer, Head, JsonObject } from "../answer.ts";
import type { Incoming } from "../incoming.ts";
import type { Identity } from "../platform.ts";
import type { Matched } from "../router.ts";

export type Failure =
  /** No route of the front takes the request. */
  | "no-route"
  | "bad-request"
  | "too-large"
  /** The function threw, crashed, or ran out of its own time. */
  | "function-error"
  /** The front ran out of patience. */
  | "timeout"
  /** The result is not of the front's format. */
  | "malformed";

export interface Format {
  /** Bytes of body that the front takes. */
  requestLimit: number;
  /** Bytes of JSON that a function may answer with, where that is less than Lambda's own limit. */
  responseLimit?: number;
  /** Milliseconds that the front waits for an answer. */
  patience?: number;
  /** The path that the front routes by and tells the function; undefined for one that it refuses. Default: as sent. */
  toPath?(sent: string): string | undefined;
  event(incoming: Incoming, matched: Matched, identity: Identity): JsonObject;
  /** Undefined for a malformed result. */
  answer(result: unknown): Answer | undefined;
  failure(kind: Failure): Answer;
  /** Present where the front streams. */
  stream?: StreamFormat;
}

export interface StreamFormat {
  /** Undefined for metadata that the front does not take. */
  head(metadata: unknown): Head | undefined;
  /** Bytes within which metadata and delimiter must be. */
  preludeLimit: number;
  /** Given to bytes whose metadata names none. */
  type: string;
  /** An answer without metadata: bytes of this type with a 200, or malformed when undefined. */
  bare?(contentType: string): Head;
}
