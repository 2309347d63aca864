/**
 * Questions on the terminal. An end of input is a no.
 * @module
 */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** Whether somebody is there to be asked. */
export function isAttended(json: boolean | undefined): boolean {
  return Boolean(process.stdin.isTTY) && !process.env.CI && !json;
}

/** What is typed, without the line's end; undefined where input ends. */
export async function ask(
  question: string,
  { hidden = false }: { hidden?: boolean } = {},
): Promise<string | undefined> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (hidden) process.stderr.write(question);
  const output = hidden ? silent : process.stderr;
  const prompt = createInterface({ input: process.stdin, output, terminal: true });
  // the prompt has the terminal, so it has Ctrl-C too; told at once, since the command ends with the answer
  prompt.once("SIGINT", () => {
    process.emit("SIGINT", "SIGINT");
    prompt.close();
  });
  const ended = new Promise<undefined>((resolve) => prompt.once("close", () => resolve(undefined)));
  const answer = await Promise.race([prompt.question(hidden ? "" : question), ended]);
  prompt.close();
  if (hidden || answer === undefined) process.stderr.write("\n");
  return answer;
}

/** A yes that has to be typed. */
export async function askYes(question: string): Promise<boolean> {
  return /^(?:y|yes)$/i.test((await ask(`${question} [y/N] `))?.trim() ?? "");
}

/** All of standard input, for values that are piped in; undefined where it is no text. */
export async function readInput(): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    return undefined;
  }
}
