/**
 * Times as they are typed.
 * @module
 */

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s` -> 90000; undefined for what is no time of at most 30 days. */
export function toMilliseconds(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined) return undefined;
  const value = Number(number) * factor;
  return value <= 30 * 86_400_000 ? value : undefined;
}
