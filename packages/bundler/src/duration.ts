/**
 * Durations as a config writes them.
 * @module
 */

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };
/** The longest timer of JavaScript; a longer one would fire at once. */
const LONGEST = 2_147_483_647;

/**
 * Milliseconds of `"500ms"`, `"5s"`, `"1.5m"`; undefined for anything else, for less than one and for more than
 * 24.8 days.
 */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const milliseconds = Math.round(Number(amount) * (UNITS[unit] ?? 1));
  return milliseconds >= 1 && milliseconds <= LONGEST ? milliseconds : undefined;
}
