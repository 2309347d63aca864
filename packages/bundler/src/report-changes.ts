/**
 * The difference between two builds of one app, as their reports tell it.
 * @module
 */
import type { ReportData, ReportFunction } from "./report-data.ts";
import type { Weight } from "./steps.ts";

export interface ReportChanges {
  /** Sums of the last build. */
  before: { bytes: number; gzipBytes: number; functions: number };
  /** Ids. */
  added: string[];
  removed: string[];
  /** Functions whose code or settings are not what they were; the largest difference first. */
  changed: FunctionChange[];
}

export interface FunctionChange {
  id: string;
  /** Bytes more than before; less is negative. */
  bytes: number;
  gzipBytes: number;
  /** The same by package, the largest difference first. */
  packages: Weight[];
  /** Milliseconds of CPU more than before, where both builds were measured. */
  startupCpu?: number;
}

/** Rows that anyone reads. */
const MOST_PACKAGES = 8;

export function toChanges(before: ReportData, after: ReportData): ReportChanges {
  const old = new Map(before.functions.map((fn) => [fn.id, fn]));
  const now = new Set(after.functions.map(({ id }) => id));
  return {
    before: { bytes: before.bytes, gzipBytes: before.gzipBytes, functions: before.functions.length },
    added: [...now].filter((id) => !old.has(id)).sort(),
    removed: [...old.keys()].filter((id) => !now.has(id)).sort(),
    changed: after.functions
      .flatMap((fn) => {
        const was = old.get(fn.id);
        return was && was.hash !== fn.hash ? [toChange(was, fn)] : [];
      })
      .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.id < b.id ? -1 : 1)),
  };
}

function toChange(was: ReportFunction, is: ReportFunction): FunctionChange {
  const bytes = new Map(is.packages.map((one) => [one.name, one.bytes]));
  for (const one of was.packages) bytes.set(one.name, (bytes.get(one.name) ?? 0) - one.bytes);
  const packages = [...bytes]
    .map(([name, difference]) => ({ name, bytes: difference }))
    .filter((one) => one.bytes !== 0)
    .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_PACKAGES);
  const startupCpu = was.startup && is.startup && is.startup.startupCpu - was.startup.startupCpu;
  return {
    id: is.id,
    bytes: is.bytes - was.bytes,
    gzipBytes: is.gzipBytes - was.gzipBytes,
    packages,
    ...(startupCpu !== undefined && { startupCpu }),
  };
}
