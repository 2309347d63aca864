/**
 * Deterministic names: what is live is found by them, so they hold app, stage and function, and nothing that changes.
 * @module
 */
import { createHash } from "node:crypto";

/** `app-stage-part`, at most `most` characters: a longer one ends in a hash of the whole. */
export function toName(parts: readonly string[], most: number): string {
  const whole = parts.join("-");
  if (whole.length <= most) return whole;
  const hash = createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 8);
  return `${whole.slice(0, most - 9).replace(/-+$/, "")}-${hash}`;
}

/** SHA-256 in hex over JSON with sorted keys: equal values have equal hashes. */
export function hashOf(value: unknown): string {
  const sorted = (_key: string, member: unknown): unknown =>
    member && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return createHash("sha256").update(JSON.stringify(value, sorted)).digest("hex");
}
