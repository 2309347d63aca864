/**
 * What is wrong with a file of the app, as data that a terminal and a browser show.
 * @module
 */
import { isAbsolute, relative, resolve, sep } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { Message } from "esbuild";
import { adviceFor } from "./bundle-pass.ts";
import type { DevFailure } from "./dev-contract.ts";
import { printFrame } from "./syntax.ts";

/** From a message of esbuild. */
export function toFailure(root: string, { text, location, notes }: Message): DevFailure {
  const says = text + (adviceFor(text) || (notes[0]?.text ? ` (${notes[0].text})` : ""));
  const failure = isAwait({ text }) ? NO_AWAIT : failed(says);
  if (!location) return failure;
  const { file, line, column, lineText } = location;
  const named = nameFor(root, file);
  const frame = printFrame(line, lineText, column);
  return { ...failure, file: named, line, column: column + 1, frame };
}

/** Whether esbuild refuses a top-level await. */
export function isAwait({ text }: Pick<Message, "text">): boolean {
  return /^Top-level await is (?:currently )?not /.test(text);
}

const NO_AWAIT: DevFailure = {
  code: "DEV_TOP_LEVEL_AWAIT",
  message:
    "The build takes `for await` and `await using` at the top level; this platform's development runtime, where a module is a function, does not. Put it into a function, and await that.",
};

/** From an error of a step, whose message may begin with a place and end with a frame. */
export function errorToFailure(error: unknown, file?: string): DevFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof GodwitError ? error.code : failed("").code;
  const placed = readPlaced(message);
  if (placed) return { code, ...placed };
  const named = /^((?:routes|matchers)\/\S+|env\.\w+) /.exec(message)?.[1] ?? file;
  return { code, message, ...(named && { file: named }), ...(!(error instanceof GodwitError) && { stack }) };
}

/** Of a message as `failureToError` writes it: the place before it, and the frame below. Undefined where it has none. */
export function readPlaced(text: string): Omit<DevFailure, "code"> | undefined {
  const placed = /^(\S[^\n]*?):(\d+):(\d+): ([^\n]*)\n( +\d+ \| [\s\S]*)$/.exec(text);
  if (!placed) return undefined;
  const [, file, line, column, message = "", frame] = placed;
  return { message, file, line: Number(line), column: Number(column), frame };
}

/** A failure of the build's, at a place where one is known. */
export function failed(message: string, place: Partial<DevFailure> = {}): DevFailure {
  return { code: "DEV_BUILD_FAILED", message, ...place };
}

/** The failure itself is the error's cause. */
export function failureToError(failure: DevFailure): GodwitError {
  const { code, message, file, line, column, frame } = failure;
  const place = file === undefined ? "" : line === undefined ? `${file}: ` : `${file}:${line}:${column ?? 1}: `;
  return new GodwitError(code, `${place}${message}${frame ? `\n${frame}` : ""}`, { cause: failure });
}

/** Relative to the app with forward slashes; absolute for what lies outside it. */
export function nameFor(root: string, file: string): string {
  const absolute = isAbsolute(file) ? file : resolve(root, file);
  const below = relative(root, absolute);
  return below.startsWith("..") || isAbsolute(below) ? absolute : below.split(sep).join("/");
}
