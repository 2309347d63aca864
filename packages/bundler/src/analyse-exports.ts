/**
 * What a route file exports, and whether that is a route.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { ScannedRoute } from "./steps.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];

/** The methods of a route file, `*` for a default export. Throws ROUTE_COMMONJS and ROUTE_WITHOUT_HANDLER. */
export function toMethods(file: string, exports: readonly string[], commonjs: boolean): string[] {
  if (commonjs) {
    throw new GodwitError(
      "ROUTE_COMMONJS",
      `${file} is a CommonJS module, whose exports are known only when it runs. Write \`export function GET\` instead of \`module.exports\`.`,
    );
  }
  const methods = [
    ...METHODS.filter((method) => exports.includes(method)),
    ...(exports.includes("default") ? ["*"] : []),
  ];
  if (methods.length > 0) return methods;
  const meant = exports.find((name) => METHODS.includes(name.toUpperCase()));
  const why = meant
    ? `It exports ${meant}: write ${meant.toUpperCase()}.`
    : `Export a function named after a method (${METHODS.join(", ")}), or a default. A file whose name starts with an underscore is no route.`;
  throw new GodwitError("ROUTE_WITHOUT_HANDLER", `${file} has no handler. ${why}`);
}

/** A schedule calls GET at the pattern itself. Throws SCHEDULE_INVALID. */
export function checkSchedule({ file, pattern, segments }: ScannedRoute, methods: readonly string[]): void {
  const why = segments.some(({ kind }) => kind !== "static")
    ? `its pattern ${pattern} has parameters, which a schedule cannot fill`
    : !methods.includes("GET") && !methods.includes("*") && "it has no GET for the schedule to call";
  if (why) throw new GodwitError("SCHEDULE_INVALID", `${file} has a schedule, and ${why}.`);
}
