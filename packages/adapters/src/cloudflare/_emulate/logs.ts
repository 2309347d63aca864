/**
 * What Workers print, as lines of a function. Bounded: without a reader the oldest are lost.
 * @module
 */
import type { LogLine } from "@godwit/bundler/contracts";

const KEPT = 1000;

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
    for (let next = 0; ; next++) {
      next = Math.max(next, this.#lost);
      while (next - this.#lost >= this.#lines.length) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      const line = this.#lines[next - this.#lost];
      if (line) yield line;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** workerd's word for a level, as ours. */
export function toLevel(level: string): LogLine["level"] {
  return level === "debug" || level === "warn" || level === "error" ? level : "info";
}

/**
 * workerd tells of an exception with its own C++ source and addresses:
 * `Uncaught exception: workerd/...: failed: remote.jsg.TypeError: no\nstack: ...` is `Uncaught TypeError: no`.
 */
export function toMessage(text: string): string {
  return text
    .replace(/\nstack: [^\n]*workerd[^\n]*/g, "")
    .replace(/^Uncaught exception: (?:\S+: )?(?:\w+: )?(?:remote\.)?jsg\.(?:internal\.)?/, "Uncaught ");
}
