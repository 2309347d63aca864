/**
 * What the server prints, line by line. Bounded: a reader that falls behind loses the oldest lines.
 * @module
 */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogLine } from "@godwit/bundler/contracts";

const KEPT = 1000;

export interface Logs extends AsyncIterable<LogLine> {
  push(line: LogLine): void;
  /** Takes the lines of a stream; a line of JSON names its own level. */
  read(stream: Readable | null, name: string, level: LogLine["level"], map: (text: string) => string): void;
  close(): void;
}

export function createLogs(): Logs {
  const lines: LogLine[] = [];
  let dropped = 0;
  let closed = false;
  let waiting: (() => void)[] = [];
  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  const push = (line: LogLine) => {
    lines.push(line);
    if (lines.length > KEPT) {
      lines.shift();
      dropped++;
    }
    wake();
  };
  return {
    push,
    read(stream, name, level, map) {
      if (!stream) return;
      createInterface({ input: stream }).on("line", (text) => {
        push({ function: name, level: levelOf(text) ?? level, text: map(text) });
      });
    },
    close() {
      closed = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (let next = dropped; ; next++) {
        next = Math.max(next, dropped);
        let line = lines[next - dropped];
        while (!line) {
          if (closed) return;
          await new Promise<void>((resolve) => waiting.push(resolve));
          line = lines[next - dropped];
        }
        yield line;
      }
    },
  };
}

function levelOf(text: string): LogLine["level"] | undefined {
  const [, level] = /^\{"level":"(debug|info|warn|error)"/.exec(text) ?? [];
  return level as LogLine["level"] | undefined; // the expression takes these four alone
}
