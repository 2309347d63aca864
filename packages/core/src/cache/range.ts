/**
 * Parts of a stored whole (RFC 9110 section 14, RFC 9111 section 3.3).
 * @module
 */
import { parseDate } from "./dates.ts";

/**
 * The one range that a request asks for, both ends inclusive; undefined where the whole is to be sent: no field, another
 * unit, several ranges (which section 14.2 allows to ignore; many small ones are an attack, section 17.15), or an
 * If-Range that does not hold.
 */
export function rangeOf(asked: Headers, stored: Headers, size: number): [number, number] | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=[\t ]*(\d*)-(\d*)[\t ]*$/i.exec(asked.get("range")?.trim() ?? "") ?? [];
  if ((first === "" && last === "") || !allowsRange(asked, stored)) return undefined;
  if (first === "") {
    if (Number(last) === 0) return "unsatisfiable";
    // The last bytes of nothing: no Content-Range can say them.
    return size === 0 ? undefined : [Math.max(size - Number(last), 0), size - 1];
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : [start, last === "" ? size - 1 : Math.min(Number(last), size - 1)];
}

/** Section 13.1.5: a strong tag, or the very date of Last-Modified, where no change came in its second (section 8.8.2.2). */
function allowsRange(asked: Headers, stored: Headers): boolean {
  const condition = asked.get("if-range")?.trim();
  if (condition === undefined) return true;
  if (condition.includes('"')) return !condition.startsWith("W/") && condition === stored.get("etag");
  const at = parseDate(condition);
  return (
    at !== undefined && at === parseDate(stored.get("last-modified")) && at < (parseDate(stored.get("date")) ?? at)
  );
}
