/**
 * The matchers that every app has: `[id=int]`, `[id=uuid]`, `[name=slug]`. They test and never convert.
 * @module
 */

/** Decimal digits with an optional minus, no leading zero, within the safe integers. */
export function int(value: string): boolean {
  return /^(?:0|-?[1-9]\d{0,15})$/.test(value) && Number.isSafeInteger(Number(value));
}

/** The textual form of RFC 9562 section 4, any version, either case. */
export function uuid(value: string): boolean {
  return /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(value);
}

/** Lower-case ASCII letters and digits in words joined by single hyphens, at most 200 characters. */
export function slug(value: string): boolean {
  return value.length <= 200 && /^[a-z\d]+(?:-[a-z\d]+)*$/.test(value);
}
