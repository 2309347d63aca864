/**
 * 9. report: what the bytes of each function are, and how far they are from a limit. Plain data, and lines of text.
 * @module
 */
import { type CheckInput, limitsOf, sizeOf } from "./check.ts";
import type { FunctionReport } from "./steps.ts";

/** One entry a function, in the order of the manifest. */
export function report({ functions, weights, target, targetConfig }: CheckInput): FunctionReport[] {
  return functions.map((fn) => {
    const { id, variant } = fn.plan;
    const size = sizeOf(fn);
    const { functionBytes, functionGzipBytes } = limitsOf(target, variant, targetConfig);
    return {
      id,
      ...size,
      packages: weights[id] ?? [],
      headroom: {
        ...(functionBytes === undefined ? {} : { bytes: functionBytes - size.bytes }),
        ...(functionGzipBytes === undefined ? {} : { gzipBytes: functionGzipBytes - size.gzipBytes }),
      },
    };
  });
}

/** A line a function: `users  12.3 kB (4.5 kB gzip)  zod 8.0 kB, routes/users.ts 1.2 kB`. */
export function summarise(reports: readonly FunctionReport[], most = 3): string[] {
  const width = Math.max(0, ...reports.map(({ id }) => id.length));
  return reports.map(({ id, bytes, gzipBytes, packages }) => {
    const heaviest = packages.slice(0, most).map((weight) => `${weight.name} ${kilobytes(weight.bytes)}`);
    return `${id.padEnd(width)}  ${kilobytes(bytes)} (${kilobytes(gzipBytes)} gzip)  ${heaviest.join(", ")}`;
  });
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
