/**
 * The table that `godwit conform` replays: an array of requests, each with what its answer must be, if you say so.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import * as z from "zod";
import type { RawRequest } from "./raw.ts";

const headerValues = z.union([z.string(), z.array(z.string())]);

const expectation = z.strictObject({
  status: z.number().int().optional(),
  /** A value, several lines of one name, or null for none. */
  headers: z.record(z.string(), z.union([headerValues, z.null()])).optional(),
  body: z.string().optional(),
  bodyBase64: z.string().optional(),
  /** Equal as JSON values. */
  json: z.unknown().optional(),
  /** Members that the JSON body must have, among others. */
  jsonIncludes: z.record(z.string(), z.unknown()).optional(),
  bytes: z.number().int().optional(),
  /** The body comes in more than one piece. */
  streamed: z.boolean().optional(),
  /** The connection breaks before the answer is whole. */
  broken: z.boolean().optional(),
});

const request = z.strictObject({
  name: z.string().optional(),
  method: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/, "a method is a token (RFC 9110 section 9.1)")
    .default("GET"),
  path: z.string().min(1),
  headers: z.record(z.string(), headerValues).default({}),
  body: z.string().optional(),
  bodyBase64: z.string().optional(),
  /** A JSON value; its content-type is added unless the headers have one. */
  json: z.unknown().optional(),
  /** Bytes a chunk: sends the body without a Content-Length. */
  chunked: z.number().int().positive().optional(),
  hangUpAfter: z.number().int().nonnegative().optional(),
  expect: expectation.default({}),
  /** Abilities without which a platform is passed over, with that as its reason. */
  needs: z
    .array(z.enum(["streaming", "clientAbort", "waitUntilAfter", "dotSegments", "rawQuery", "rawText"]))
    .default([]),
  /** Headers of the answer that may differ from platform to platform. */
  vary: z.array(z.string()).default([]),
});

/** One row of the table, as written. */
export type ConformRequestInput = z.input<typeof request>;
/** One row with its defaults. */
export type ConformRequest = z.output<typeof request>;

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
