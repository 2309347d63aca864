/**
 * Lines of a program's output, of bounded length: one that never ends must not fill the memory.
 * @module
 */
import type { Readable } from "node:stream";

/** Characters of a line; a longer one comes in pieces. */
const LONGEST = 64_000;

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
