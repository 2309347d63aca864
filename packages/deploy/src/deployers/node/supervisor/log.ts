/**
 * What the workers print: lines of JSON in two files of bounded size. A disk that is full loses lines, and nothing else.
 * @module
 */
import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";

const FILE = "app.jsonl";
const BEFORE = "app.1.jsonl";
const MOST_BYTES = 5_000_000;
const MOST_WAITING = 1_000_000;
const LONGEST_LINE = 16_000;
const FLUSH = 50;

export class Log {
  readonly #folder: string;
  #waiting = "";
  #lost = 0;
  #flushing: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(source: string, text: string): void {
    if (this.#waiting.length > MOST_WAITING) this.#lost++;
    else this.#waiting += toLine(source, text);
    this.#flushing ??= new Promise((resolve) => setTimeout(resolve, FLUSH)).then(() => this.#flush());
  }

  async close(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = this.#lost > 0 ? toLine("supervisor", `${this.#lost} lines were lost.`) : "";
    this.#lost = 0;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = join(this.#folder, FILE);
      const size = await stat(file).then(
        ({ size }) => size,
        () => 0,
      );
      if (size > MOST_BYTES) await rename(file, join(this.#folder, BEFORE));
      await appendFile(file, lines, { mode: 0o600 });
    } catch {
      this.#lost += lines.split("\n").length - 1;
    }
    this.#flushing = undefined;
  }
}

function toLine(source: string, text: string): string {
  return `${JSON.stringify({ at: Date.now(), function: source, text: text.slice(0, LONGEST_LINE) })}\n`;
}
