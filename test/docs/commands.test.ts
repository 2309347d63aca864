import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageOf } from "../../packages/cli/src/init/templates.ts";
import { blocks, commandsOf, pages, read, root, wordsOf } from "./blocks.ts";
import { parse } from "./read-command.ts";

interface Line {
  place: string;
  text: string;
  words: string[];
}

const lines: Line[] = blocks
  .filter(({ language }) => language === "sh")
  .flatMap((block) => commandsOf(block).map((text) => ({ place: block.place, text, words: wordsOf(text) })));

/** What prose says between backticks, such as `godwit routes --target vercel`. */
const spans: Line[] = pages.flatMap((page) => {
  const prose = read(page).replaceAll(/^```.*?^```$/gms, "");
  const found = prose.matchAll(/`((?:npx )?godwit [a-z][^`]*)`/g);
  return [...found].map(([, text = ""]) => {
    const plain = text.replaceAll(/\s+/g, " ");
    return { place: page, text: plain, words: wordsOf(plain.replaceAll(/ \.\.\.$/g, "")) };
  });
});

/** The arguments of `godwit`; undefined where another program is called. */
function godwitOf({ words }: Line): string[] | undefined {
  if (words[0] === "godwit") return words.slice(1);
  return words[0] === "npx" && words[1] === "godwit" ? words.slice(2) : undefined;
}

/** Prose names a command or an option without the rest of the line, and may speak of commands that are yet to come. */
const INCOMPLETE = new Set([
  "commander.missingArgument",
  "commander.optionMissingArgument",
  "commander.unknownCommand",
]);

test("every godwit command of the docs has the arguments and options that the CLI takes", async () => {
  const all = [...lines, ...spans].flatMap((line) => {
    const args = godwitOf(line);
    return args ? [{ ...line, args, isProse: spans.includes(line) }] : [];
  });
  assert.ok(all.length > 40, "the commands were not found");
  const wrong: string[] = [];
  for (const { place, text, args, isProse } of all) {
    // a word in capitals stands for one of the reader's
    const own = args.map((arg) => (/^[A-Z]{2,}$/.test(arg) ? "x" : arg));
    const error = await parse(own).catch((caught: Error & { code?: string }) => caught);
    if (!(error instanceof Error)) continue;
    if (!(isProse && INCOMPLETE.has(error.code ?? ""))) wrong.push(`${place}: ${text}: ${error.message}`);
  }
  assert.deepEqual(wrong, []);
});

test("every script of the docs is one that the workspace or a first app has", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const known = new Set([
    ...Object.keys(scripts),
    ...Object.keys(packageOf({ name: "app", version: "0", target: "node", manager: "npm" }).scripts ?? {}),
  ]);
  const unknown = lines.filter(({ words: [program, verb = "", script = ""] }) => {
    return program === "npm" && !["install"].includes(verb) && !known.has(verb === "run" ? script : verb);
  });
  assert.deepEqual(unknown, []);
});

test("no other programs are in the docs than those that a reader has", () => {
  const own = new Set(["npx", "npm", "cd", "curl", "node", "export"]);
  assert.deepEqual(
    lines.filter(({ words: [program = ""] }) => !own.has(program)),
    [],
  );
});
