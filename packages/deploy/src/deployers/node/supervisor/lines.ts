/**
 * What a worker prints, a line at a time, and without secrets. A line that never ends must not fill the memory of who
 * holds the socket.
 * @module
 */
import type { Readable } from "node:stream";

/** Characters of a line; a longer one comes in pieces. */
const LONGEST = 16_000;
/** Shorter values, and lines of values, are in every other word. */
const LEAST = 6;

/** Calls `tell` with each line, the last one without an end too. */
export function onLines(stream: Readable, tell: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = `${rest}${text}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) tell(line);
    for (; rest.length > LONGEST; rest = rest.slice(LONGEST)) tell(rest.slice(0, LONGEST));
  });
  stream.on("end", () => {
    if (rest !== "") tell(rest);
  });
}

/** Masks the values, by their names; of a value of many lines each. */
export function hideSecrets(line: string, values: Readonly<Record<string, string>>): string {
  let text = line;
  for (const [name, value] of Object.entries(values)) {
    for (const part of [value, ...value.split(/\r?\n/)]) {
      if (part.trim().length >= LEAST) text = text.replaceAll(part.trim(), `[secret ${name}]`);
    }
  }
  return text;
}
