/**
 * HTTP dates, strictly: what is none must not make a response fresh.
 * @module
 */

const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
const DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";

/**
 * Milliseconds since 1970 of the three forms of RFC 9110 section 5.6.7, in any case of letters; undefined for anything
 * else, other zones than GMT included (RFC 9111 section 4.2).
 */
export function parseDate(field: string | null | undefined, now: number = Date.now()): number | undefined {
  const text = field?.trim().toLowerCase() ?? "";
  const fix = /^[a-z]{3}, (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/.exec(text);
  const old = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/.exec(text);
  const asc = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/.exec(text);
  if (!text.match(`^${DAY}`)) return undefined;
  const [, day, month = "", year, hour, minute, second] = fix ?? old ?? reorder(asc) ?? [];
  const index = MONTHS.indexOf(month) / 3;
  if (!day || !month || !Number.isInteger(index) || index < 0) return undefined;
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)];
  if (d < 1 || d > 31 || h > 23 || m > 59 || s > 60) return undefined;
  const time = Date.UTC(old ? fullYear(Number(year), now) : Number(year), index, d, h, m, s);
  return new Date(time).getUTCDate() === d || s === 60 ? time : undefined;
}

function reorder(asc: RegExpExecArray | null): (string | undefined)[] | undefined {
  return asc ? [asc[0], asc[2], asc[1], asc[6], asc[3], asc[4], asc[5]] : undefined;
}

/** Two digits that seem more than 50 years ahead are of the century before. */
function fullYear(digits: number, now: number): number {
  const today = new Date(now).getUTCFullYear();
  const year = today - (today % 100) + digits;
  return year > today + 50 ? year - 100 : year;
}
