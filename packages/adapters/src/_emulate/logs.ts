/**
 * What functions print, line by line, for as many readers as there are. Bounded: a reader that falls behind loses the
 * oldest lines.
 * @module
 */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogLine } from "@godwit/bundler/contracts";

const KEPT = 1000;

/** Each reader sees what is still remembered, then what comes, until the emulator closes. */
export class Logs implements AsyncIterable<LogLine> {
  #lines: LogLine[] = [];
  /** How many lines were lost before the first of `#lines`. */
  #lost = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  push(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT) {
      this.#lines.shift();
      this.#lost++;
    }
    this.#wake();
  }

  /** Takes the lines of a child's output. `map` may rewrite one; a line of JSON names its own level. */
  read(stream: Readable | null, name: string, level: LogLine["level"], map: (text: string) => string): void {
    if (!stream) return;
    createInterface({ input: stream }).on("line", (text) => {
      this.push({ function: name, level: levelOf(text) ?? level, text: map(text) });
    });
  }

  /** How many lines there were so far. */
  get count(): number {
    return this.#lost + this.#lines.length;
  }

  /** The texts after the first `count`, for an error that says why a start failed. */
  textAfter(count: number): string {
    return this.#lines
      .slice(Math.max(0, count - this.#lost))
      .map((line) => line.text)
      .join("\n");
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<LogLine> {
    for (let next = this.#lost; ; next++) {
      next = Math.max(next, this.#lost);
      let line = this.#lines[next - this.#lost];
      while (!line) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        next = Math.max(next, this.#lost);
        line = this.#lines[next - this.#lost];
      }
      yield line;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function levelOf(text: string): LogLine["level"] | undefined {
  const [, level] = /^\{"level":"(debug|info|warn|error)"/.exec(text) ?? [];
  return level as LogLine["level"] | undefined; // the expression takes these four alone
}
