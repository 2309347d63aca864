/**
 * Stacks as somebody reads them who writes an app: without the frames of Godwit, of Node and of what runs the functions
 * here, which are counted.
 * @module
 */
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const NODE = /\bnode:[a-z]/;
/** Packages, and what the development server writes. */
const OURS =
  /[/\\](?:@godwit|\.godwit[/\\]dev|node_modules[/\\](?:godwit|aws-lambda-ric|edge-runtime|@edge-runtime|miniflare|workerd))[/\\]/;
/** Frames as V8 writes them; a terminal's dim may stand before one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is the terminal's own
const FRAME = /^((?:\x1b\[\d+m)?\s+)at [^\x1b]*(.*)$/;

let folders: string[] | undefined;

/** Where the packages of this Godwit lie: in its own repository their paths do not say whose they are. */
function ownFolders(): string[] {
  folders ??= ["@godwit/core/errors", "@godwit/adapters/registry", "@godwit/bundler"].map(
    (name) => dirname(dirname(fileURLToPath(import.meta.resolve(name)))) + sep,
  );
  return folders;
}

/** `node`, `godwit` or undefined where it is the user's, or a package's. */
function ownerOf(frame: string): "godwit" | "node" | undefined {
  if (NODE.test(frame)) return "node";
  return OURS.test(frame) || ownFolders().some((folder) => frame.includes(folder)) ? "godwit" : undefined;
}

/**
 * Leaves out what is not the user's from each stack in a text, with a line that says how many there were. A stack that
 * has nothing else stays whole.
 */
export function foldStacks(text: string): string {
  const lines: string[] = [];
  let stack: string[] = [];
  const flush = (): void => {
    lines.push(...fold(stack));
    stack = [];
  };
  for (const line of text.split("\n")) {
    if (FRAME.test(line)) stack.push(line);
    else {
      flush();
      lines.push(line);
    }
  }
  flush();
  return lines.join("\n");
}

function fold(stack: readonly string[]): readonly string[] {
  const owners = stack.map(ownerOf);
  const kept = stack.filter((_, index) => owners[index] === undefined);
  const left = stack.length - kept.length;
  if (kept.length === 0 || left === 0) return stack;
  const names = [...new Set(owners.filter((owner) => owner !== undefined))].sort().join(" and ");
  const line = `$1… ${left} ${left === 1 ? "frame" : "frames"} of ${names}$2`;
  return [...kept, (kept[0] ?? "").replace(FRAME, line)];
}
