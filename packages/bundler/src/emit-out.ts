/**
 * Where a build may not write.
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { GodwitError } from "@godwit/core/errors";

const READ = ["routes", "public", "matchers"];

/**
 * A build replaces `<out>/<target>` whole, so that must be a build or nothing; and it must not become part of what the
 * next build reads. Throws OUT_FOREIGN and OUT_INSIDE_APP.
 */
export function checkOut(root: string, out: string, target: string): void {
  const [first = ""] = relative(root, out).split(sep);
  if (READ.includes(first)) {
    throw new GodwitError("OUT_INSIDE_APP", `${out} lies in ${first}/, which builds read. Give another --out.`);
  }
  const place = join(out, target);
  if (!existsSync(place) || existsSync(join(place, "manifest.json")) || readdirSync(place).length === 0) return;
  throw new GodwitError(
    "OUT_FOREIGN",
    `${place} is no build of Godwit's, and a build would replace it whole. Move it away, or give another --out.`,
  );
}
