/**
 * Adds members to a package.json as its owner would by hand: indent, line ends and everything else stay as they are.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

/** A member of an object in a JSON text, as places in the text. */
interface Member {
  key: string;
  from: number;
  to: number;
}

/** What `npm init` writes where there is no test yet. */
const NO_TEST = /^echo "Error: no test specified" && exit 1$/;

type Section = Record<string, string>;
type Flags = Record<string, boolean>;

export interface PackageJson {
  name?: unknown;
  type?: unknown;
  scripts?: Section;
  dependencies?: Section;
  devDependencies?: Section;
  /** Whose install scripts npm runs. */
  allowScripts?: Flags;
}

/** Reads the text of a package.json. Throws PACKAGE_INVALID. */
export function parsePackage(path: string, text: string): PackageJson {
  let why = "";
  try {
    const value: unknown = JSON.parse(stripMark(text));
    if (isObject(value)) {
      const wrong = ["scripts", "dependencies", "devDependencies", "allowScripts"].find(
        (key) => value[key] !== undefined && !isObject(value[key]),
      );
      if (!wrong) return value;
      why = `its ${wrong} is no object`;
    } else why = "it is no object";
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new GodwitError("PACKAGE_INVALID", `${path} cannot be read: ${why}. Mend it, then run this again.`);
}

function isObject(value: unknown): value is Record<string, never> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stripMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/**
 * The text with what is missing: scripts by their names, dependencies where the package has them in no section, install
 * scripts where it says nothing of that package.
 * It is the same text when nothing is missing.
 */
export function addToPackage(path: string, text: string, wanted: PackageJson): string {
  const own = parsePackage(path, text);
  const isThere = (name: string) =>
    ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].some(
      (section) => isObject(own[section as keyof PackageJson]) && name in Object(own[section as keyof PackageJson]), // a key that may be none of them gives undefined
    );
  const missing = (section: Section | Flags = {}, has: (name: string) => boolean) =>
    Object.fromEntries<string | boolean>(Object.entries(section).filter(([name]) => !has(name)));
  const hasScript = (name: string) => own.scripts?.[name] !== undefined && !isPlaceholder(own, name);
  /** A key may have a version behind its name. */
  const isDecided = (name: string) =>
    Object.keys(own.allowScripts ?? {}).some((key) => key === name || key.startsWith(`${name}@`));
  const more = {
    scripts: missing(wanted.scripts, hasScript),
    dependencies: missing(wanted.dependencies, isThere),
    devDependencies: missing(wanted.devDependencies, isThere),
    allowScripts: missing(wanted.allowScripts, isDecided),
  };
  return Object.entries(more).reduce((result, [section, members]) => addMembers(result, section, members), text);
}

/** Whether the package has no such script but npm's own word that there is none. */
export function isPlaceholder({ scripts }: PackageJson, name: string): boolean {
  return NO_TEST.test(scripts?.[name] ?? "");
}

function addMembers(text: string, section: string, members: Record<string, string | boolean>): string {
  if (Object.keys(members).length === 0) return text;
  const unit = /^\{[^\S\n]*\r?\n([ \t]+)"/.exec(stripMark(text))?.[1] ?? "  ";
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const open = text.indexOf("{");
  const found = membersOf(text, open).find(({ key }) => key === section);
  if (!found) {
    const lines = Object.entries(members).map(([key, value]) => `${unit}${unit}${pair(key, value)}`);
    const block = `${JSON.stringify(section)}: {${end}${lines.join(`,${end}`)}${end}${unit}}`;
    return insert(text, open, [block], unit, end);
  }
  let result = text;
  const fresh: string[] = [];
  for (const [key, value] of Object.entries(members)) {
    const old = membersOf(result, found.from).find((member) => member.key === key);
    if (old) result = result.slice(0, old.from) + JSON.stringify(value) + result.slice(old.to);
    else fresh.push(pair(key, value));
  }
  return insert(result, found.from, fresh, unit + unit, end);
}

function pair(key: string, value: string | boolean): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

/** Adds members behind the last one of the object that opens at `open`. */
function insert(text: string, open: number, members: readonly string[], indent: string, end: string): string {
  if (members.length === 0) return text;
  const last = membersOf(text, open).at(-1);
  const at = last?.to ?? open + 1;
  const close = text.indexOf("}", at);
  const lines = members.map((member) => `${end}${indent}${member}`).join(",");
  if (!last) return `${text.slice(0, at)}${lines}${end}${indent.slice(0, indent.length / 2)}${text.slice(close)}`;
  if (text.slice(open, close).includes("\n")) return `${text.slice(0, at)},${lines}${text.slice(at)}`;
  return `${text.slice(0, at)}, ${members.join(", ")}${text.slice(at)}`;
}

/** The members of the object that opens at `open`, in a text that JSON.parse has taken. */
function membersOf(text: string, open: number): Member[] {
  const members: Member[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
  let depth = 0;
  let key: string | undefined;
  let from = -1;
  let to = -1;
  const finish = () => {
    if (key !== undefined && from >= 0) members.push({ key, from, to });
    key = undefined;
    from = -1;
  };
  for (let at = open; at < text.length; ) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) {
      at++;
      continue;
    }
    at += found.length;
    if (found === "}" || found === "]") depth--;
    if (depth === 0 && found === "}") break;
    if (depth === 1 && found === ",") finish();
    else if (depth === 1 && key === undefined && found !== "{")
      key = JSON.parse(found) as string; // a member begins with its key
    else if (depth >= 1 && !(depth === 1 && found === ":" && from < 0)) {
      if (from < 0) from = at - found.length;
      to = at;
    }
    if (found === "{" || found === "[") depth++;
  }
  finish();
  return members;
}
