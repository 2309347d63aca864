/**
 * The table that `godwit conform` replays: an array of requests, each with what its answer must be, if you say so.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import * as z from "zod";
import type { RawRequest } from "./raw.ts";

export type HeaderValues = string | string[];

/** What an answer must be; what is not named may be anything, as long as all platforms give the same. */
export interface ConformExpectation {
  status?: number;
  /** A value, several lines of one name, or null for none. */
  headers?: Record<string, HeaderValues | null>;
  body?: string;
  bodyBase64?: string;
  /** Equal as JSON values. */
  json?: unknown;
  /** Members that the JSON body must have, among others. */
  jsonIncludes?: Record<string, unknown>;
  bytes?: number;
  /** The body comes in more than one piece. */
  streamed?: boolean;
  /** The connection breaks before the answer is whole. */
  broken?: boolean;
}

const NEEDS = [
  "streaming",
  "clientAbort",
  "waitUntilAfter",
  "dotSegments",
  "encodedPath",
  "rawQuery",
  "rawText",
  "repeats",
] as const;

/** An ability of a platform, as its declared capabilities tell it. */
export type ConformNeed = (typeof NEEDS)[number];

/** One row of the table, as written. */
export interface ConformRequestInput {
  /** Default: method and path. */
  name?: string;
  /** Default GET. */
  method?: string;
  /** As it stands in the request line. */
  path: string;
  headers?: Record<string, HeaderValues>;
  body?: string;
  bodyBase64?: string;
  /** A JSON value; its content-type is added unless the headers have one. */
  json?: unknown;
  /** Bytes a chunk: sends the body without a Content-Length. */
  chunked?: number;
  /** Hangs up once this many bytes of the answer's body have come. */
  hangUpAfter?: number;
  expect?: ConformExpectation;
  /** Abilities without which a platform is passed over, with that as its reason. */
  needs?: ConformNeed[];
  /** Headers of the answer that may differ from platform to platform. */
  vary?: string[];
}

/** One row with its defaults. */
export interface ConformRequest extends ConformRequestInput {
  method: string;
  headers: Record<string, HeaderValues>;
  expect: ConformExpectation;
  needs: ConformNeed[];
  vary: string[];
}

const headerValues: z.ZodType<HeaderValues> = z.union([z.string(), z.array(z.string())]);

const expectation: z.ZodType<ConformExpectation> = z.strictObject({
  status: z.number().int().optional(),
  headers: z.record(z.string(), z.union([headerValues, z.null()])).optional(),
  body: z.string().optional(),
  bodyBase64: z.string().optional(),
  json: z.unknown().optional(),
  jsonIncludes: z.record(z.string(), z.unknown()).optional(),
  bytes: z.number().int().optional(),
  streamed: z.boolean().optional(),
  broken: z.boolean().optional(),
});

const TOKEN = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;

const request: z.ZodType<ConformRequest> = z.strictObject({
  name: z.string().optional(),
  method: z.string().regex(TOKEN, "a method is a token (RFC 9110 section 9.1)").default("GET"),
  path: z.string().min(1),
  headers: z.record(z.string(), headerValues).default({}),
  body: z.string().optional(),
  bodyBase64: z.string().optional(),
  json: z.unknown().optional(),
  chunked: z.number().int().positive().optional(),
  hangUpAfter: z.number().int().nonnegative().optional(),
  expect: expectation.default({}),
  needs: z.array(z.enum(NEEDS)).default([]),
  vary: z.array(z.string()).default([]),
});

/** Checks a table. Throws CONFORM_REQUESTS_INVALID with every fault and its place. */
export function parseRequests(value: unknown, source: string): ConformRequest[] {
  const parsed = z.array(request).min(1).safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join(".") || "the table"}: ${message}`);
  throw new GodwitError(
    "CONFORM_REQUESTS_INVALID",
    `${source} is not a table of requests:\n${faults.join("\n")}\nSee docs/testing.md.`,
  );
}

/** What a row is called in reports. */
export function nameOf(row: ConformRequest): string {
  return row.name ?? `${row.method} ${row.path}`;
}

/** The bytes to send. */
export function toRaw(row: ConformRequest): RawRequest {
  const headers = Object.entries(row.headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  let body: Uint8Array | undefined;
  if (row.bodyBase64 !== undefined) body = Buffer.from(row.bodyBase64, "base64");
  else if (row.body !== undefined) body = Buffer.from(row.body);
  else if (row.json !== undefined) {
    body = Buffer.from(JSON.stringify(row.json));
    if (!headers.some(([name]) => name.toLowerCase() === "content-type")) {
      headers.push(["content-type", "application/json"]);
    }
  }
  const { method, path, chunked, hangUpAfter } = row;
  return { method, path, headers, ...(body && { body }), ...(chunked && { chunked }), hangUpAfter };
}
