/**
 * What functions print, line by line, for as many readers as there are. Bounded: a reader that falls behind loses the
 * oldest lines.
 * @module
 */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogLine } from "@godwit/bundler/contracts";

const KEPT = 1000;

export class Logs implements AsyncIterable<LogLine> {
  #lines: LogLine[] = [];
  /** How many lines were there before the first of `#lines`. */
  #dropped = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  push(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT) {
      this.#lines.shift();
      this.#dropped++;
    }
    this.#wake();
  }

  /** Takes the lines of a stream. `map` may rewrite one. */
  read(stream: Readable, name: string, fallback: LogLine["level"], map: (text: string) => string): void {
    createInterface({ input: stream }).on("line", (text) => {
      this.push({ function: name, level: levelOf(text) ?? fallback, text: map(text) });
    });
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<LogLine> {
    for (let next = 0; ; next++) {
      next = Math.max(next, this.#dropped);
      let line = this.#lines[next - this.#dropped];
      while (!line) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        line = this.#lines[next - this.#dropped];
      }
      yield line;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The level that a line of JSON names itself. */
function levelOf(text: string): LogLine["level"] | undefined {
  const [, level] = /^\{"level":"(debug|info|warn|error)"/.exec(text) ?? [];
  return level as LogLine["level"] | undefined; // the expression takes these four alone
}
