/**
 * No secret leaves by a message: every text on its way out has them masked, in the shapes that they travel in.
 * @module
 */

export type Redact = (text: string) => string;

const MASK = "[secret]";
/** Shorter ones are in every other word; a secret that short is none. */
const LEAST = 4;
/** Of one line of a longer value. */
const LEAST_LINE = 8;

/** Masks the values, and what they look like in base64, in hex, in a URL, and in JSON. */
export function createRedact(values: Iterable<string | undefined>): Redact {
  const shapes = new Set<string>();
  for (const value of values) {
    if (value === undefined || value.trim().length < LEAST) continue;
    for (const shape of shapesOf(value)) if (shape.length >= LEAST) shapes.add(shape);
    // What is read a line at a time shows a key of many lines a line at a time.
    for (const line of value.split(/\r?\n/)) if (line.trim().length >= LEAST_LINE) shapes.add(line.trim());
  }
  if (shapes.size === 0) return (text) => text;
  const longestFirst = [...shapes]
    .sort((a, b) => b.length - a.length)
    .map((shape) => shape.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const any = new RegExp(longestFirst.join("|"), "g"); // in one pass, so that no mask is masked
  return (text) => text.replace(any, MASK);
}

function shapesOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const encoded = encodeURIComponent(value);
  return [
    value,
    value.trim(),
    JSON.stringify(value).slice(1, -1),
    encoded,
    encoded.replaceAll("%20", "+"),
    encodeURI(value),
    bytes.toString("hex"),
    ...[0, 1, 2].flatMap((before) => base64Inside(bytes, before)),
  ];
}

/** What is sure to stand in the base64 of any text that has the value after `before` (modulo 3) other bytes. */
function base64Inside(bytes: Buffer, before: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6); // the letters before it hold bits of what stands in front
  const sure = Math.floor((whole.length * 8) / 6);
  const standard = whole.toString("base64").slice(first, sure);
  return [standard, standard.replaceAll("+", "-").replaceAll("/", "_")];
}

/** Masks an error and its causes in place, so that class, code and cause stay what they are. */
export function redactError(error: unknown, redact: Redact): unknown {
  const seen = new Set<unknown>();
  for (let one = error; one instanceof Error && !seen.has(one); one = one.cause) {
    seen.add(one);
    const { message, stack, cause } = one;
    // a DOMException's message is its prototype's and has no setter: an own property stands before it
    if (redact(message) !== message)
      Object.defineProperty(one, "message", { value: redact(message), configurable: true });
    if (stack !== undefined && redact(stack) !== stack) one.stack = redact(stack);
    if (typeof cause === "string") one.cause = redact(cause);
  }
  return typeof error === "string" ? redact(error) : error;
}

/** Masks every text in a JSON value. */
export function redactJson(value: unknown, redact: Redact): unknown {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
    typeof member === "string" ? redact(member) : member,
  );
}
