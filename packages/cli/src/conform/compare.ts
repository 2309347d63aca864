/**
 * Says where an answer is not what was expected, and where two answers to one request differ.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { RawAnswer } from "./raw.ts";
import type { ConformRequest } from "./requests.ts";

/** Of one connection or one moment, not of the answer (RFC 9110 section 7.6.1; framing is RFC 9112's). */
const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "trailer"]);

/** Fields that count seconds from or to a moment: two answers a second apart differ in them. */
const SECONDS: Record<string, RegExp> = {
  age: /\d+/g,
  "cache-status": /(?<=;\s*ttl=)-?\d+/g,
  ratelimit: /(?<=;\s*t=)\d+/g,
  "retry-after": /^\d+$/g,
};

/** Faults of one answer, as sentences; empty when it is as expected. */
export function checkAnswer(row: ConformRequest, answer: RawAnswer): string[] {
  const { status, headers = {}, body, bodyBase64, json, jsonIncludes, bytes, streamed, broken = false } = row.expect;
  const faults: string[] = [];
  if (status !== undefined && answer.status !== status) faults.push(`status ${answer.status}, expected ${status}`);
  for (const [name, wanted] of Object.entries(headers)) {
    const values = valuesOf(answer, name);
    if (!isDeepStrictEqual(values, wanted === null ? [] : [wanted].flat())) {
      faults.push(`${name}: ${show(values)}, expected ${show(wanted)}`);
    }
  }
  if (row.hangUpAfter === undefined && answer.complete === broken) {
    faults.push(answer.complete ? "the answer came whole, expected a broken connection" : "the connection broke");
  }
  const length = valuesOf(answer, "content-length")[0];
  const empty = row.method === "HEAD" || answer.status === 304;
  if (length !== undefined && !empty && answer.complete && Number(length) !== answer.body.length) {
    faults.push(`content-length is ${length}, and ${answer.body.length} bytes came`);
  }
  if (body !== undefined && answer.body.toString() !== body) {
    faults.push(`body ${show(answer.body.toString())}, expected ${show(body)}`);
  }
  if (bodyBase64 !== undefined && answer.body.toString("base64") !== bodyBase64) faults.push("the body's bytes differ");
  if (bytes !== undefined && answer.body.length !== bytes)
    faults.push(`${answer.body.length} bytes, expected ${bytes}`);
  if (json !== undefined && !isDeepStrictEqual(toJson(answer), json)) {
    faults.push(`body ${show(answer.body.toString())}, expected ${JSON.stringify(json)}`);
  }
  if (jsonIncludes) {
    const got = toJson(answer) as Record<string, unknown> | undefined; // compared member by member
    for (const [key, value] of Object.entries(jsonIncludes)) {
      if (!isDeepStrictEqual(got?.[key], value)) faults.push(`${key} is ${show(got?.[key])}, expected ${show(value)}`);
    }
  }
  if (streamed && answer.pieces < 2) faults.push("the body came in one piece, expected it to stream");
  return faults;
}

/** Where an answer differs from another platform's to the same request. */
export function compareAnswers(row: ConformRequest, answer: RawAnswer, reference: RawAnswer): string[] {
  const faults: string[] = [];
  if (answer.status !== reference.status) faults.push(`status ${answer.status}, there ${reference.status}`);
  const free = new Set(row.vary.map((name) => name.toLowerCase()));
  const names = new Set([...answer.headers, ...reference.headers].map(([name]) => name));
  for (const name of [...names].sort()) {
    if (HOP.has(name) || free.has(name)) continue;
    const [here, there] = [valuesOf(answer, name), valuesOf(reference, name)];
    const untimed = [here, there].map((values) => values.map((value) => value.replace(SECONDS[name] ?? "", "")));
    if (!isDeepStrictEqual(untimed[0], untimed[1])) faults.push(`${name}: ${show(here)}, there ${show(there)}`);
  }
  if (row.hangUpAfter === undefined && row.expect.broken !== true && !answer.body.equals(reference.body)) {
    faults.push(`body ${show(answer.body.toString())}, there ${show(reference.body.toString())}`);
  }
  return faults;
}

/** Lines of one name stay apart for Set-Cookie; elsewhere a list may be one line or several (RFC 9110 section 5.3). */
function valuesOf(answer: RawAnswer, name: string): string[] {
  const values = answer.headers.filter(([known]) => known === name.toLowerCase()).map(([, value]) => value);
  return name.toLowerCase() === "set-cookie" || values.length < 2 ? values : [values.join(", ")];
}

function toJson(answer: RawAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString());
  } catch {
    return undefined; // shown as a difference
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
