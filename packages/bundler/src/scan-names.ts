/**
 * What file names in `routes/` mean.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { parsePattern, printPattern, type Segment } from "@godwit/core/pattern";

const SOURCE = /\.(?:[jt]sx?|m[jt]s)$/;

export function isSource(name: string): boolean {
  return SOURCE.test(name) && !/\.d\.[mc]?ts$/.test(name);
}

export function isTest(name: string): boolean {
  return /\.test\.[^.]+$/.test(name);
}

export function stemOf(name: string): string {
  return name.replace(SOURCE, "");
}

/** A folder in parentheses groups without a segment. */
export function isGroup(name: string): boolean {
  return /^\(.+\)$/.test(name);
}

/** The segment that a folder's or a file's name is. Throws ROUTE_NAME_INVALID. */
export function toSegment(name: string, file: string): Segment {
  const [segment] = read(`/${name}`, file);
  if (segment && !isGroup(name) && name !== "()") return segment;
  throw invalid(file, `"${name}" groups nothing: only a folder with a name in parentheses does`);
}

/** The pattern of a route file below a folder's segments. Throws ROUTE_NAME_INVALID. */
export function toSegments(
  folder: readonly Segment[],
  stem: string,
  file: string,
): { pattern: string; segments: Segment[] } {
  const own = stem === "index" ? folder : [...folder, toSegment(stem, file)];
  const pattern = printPattern(own);
  return { pattern, segments: read(pattern, file) };
}

function read(pattern: string, file: string): Segment[] {
  try {
    // A Mac may spell an umlaut as two characters; the path of a request has one.
    return parsePattern(pattern.normalize("NFC"));
  } catch (cause) {
    const [, why = ""] = /is not valid: (.*)\.$/s.exec(cause instanceof Error ? cause.message : "") ?? [];
    throw invalid(file, why, cause);
  }
}

function invalid(file: string, why: string, cause?: unknown): GodwitError {
  return new GodwitError(
    "ROUTE_NAME_INVALID",
    `${file} is not a route: ${why}. A name is plain text, [name], [name=matcher], [[name]], [...name] or [[...name]].`,
    { cause },
  );
}
