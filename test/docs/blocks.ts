/**
 * The fenced blocks of the docs, and the command lines in them.
 * @module
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = new URL("../..", import.meta.url).pathname;

/** Every page that a user or a contributor reads, relative to the repository. */
export const pages: string[] = globSync(
  ["*.md", "docs/**/*.md", "packages/*/README.md", "examples/*/README.md", "bench/README.md", "infra/README.md"],
  { cwd: root },
).sort();

export interface Block {
  page: string;
  /** `docs/config.md:12`, the line of the fence. */
  place: string;
  /** `sh` where the fence has no word: what is no command line says `text`. */
  language: string;
  code: string;
  /** What the page goes on with. */
  after: string;
}

export const blocks: Block[] = pages.flatMap(blocksOf);

export function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 0: whole, index, 1: language, 2: code = "" }) => ({
    page,
    place: `${page}:${text.slice(0, index).split("\n").length}`,
    language: language || "sh",
    code,
    after: text.slice(index + whole.length),
  }));
}

/** The simple commands of a shell block: its lines, those that go on joined, comments off, apart at `&&`. */
export function commandsOf({ code }: Pick<Block, "code">): string[] {
  return code
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .flatMap((line) => line.split(" && "))
    .filter((command) => command !== "");
}

/** A simple command as its words, quotes taken off. What a plain word list cannot say is an error. */
export function wordsOf(command: string): string[] {
  if (/[|;<>`$]/.test(command.replaceAll(/'[^']*'|"[^"$`]*"/g, ""))) throw new Error(`no simple command: ${command}`);
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ""));
}
