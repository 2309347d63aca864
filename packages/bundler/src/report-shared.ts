/**
 * Which routes share code, and how often that code is shipped after grouping.
 * @module
 */
import type { ReportFunction } from "./report-data.ts";
import type { AnalysedApp } from "./steps.ts";

/** A package, or a file of the app, over all functions. */
export interface SharedPackage {
  name: string;
  /** Functions that carry it. */
  functions: number;
  /** In all of them together. */
  bytes: number;
}

/** Code that several routes reach: what grouping can save. */
export interface SharedCode {
  /** Before it is bundled for the platform. */
  bytes: number;
  /** Patterns, the first few; `count` says how many there are. */
  routes: string[];
  count: number;
  /** Functions that carry it now: one means that grouping brought its routes together. */
  functions: number;
}

/** Rows that anyone reads. */
const MOST_PACKAGES = 200;
const MOST_SHARED = 50;
const MOST_ROUTES = 12;

export function toSharedPackages(functions: readonly Pick<ReportFunction, "packages">[]): SharedPackage[] {
  const all = new Map<string, SharedPackage>();
  for (const { packages } of functions) {
    for (const { name, bytes } of packages) {
      const found = all.get(name) ?? { name, functions: 0, bytes: 0 };
      found.functions++;
      found.bytes += bytes;
      all.set(name, found);
    }
  }
  return [...all.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)).slice(0, MOST_PACKAGES);
}

/** Chunks that the same routes have are one row; the most bytes that are in more than one function come first. */
export function toSharedCode({ code, routes }: AnalysedApp, functions: readonly ReportFunction[]): SharedCode[] {
  const homes = new Map(functions.flatMap(({ id, routes: own }) => own.map(({ file }) => [file, id] as const)));
  const holders: number[][] = code.chunks.map(() => []);
  routes.forEach(({ file }, at) => {
    for (const chunk of code.routes[file] ?? []) holders[chunk]?.push(at);
  });
  const rows = new Map<string, { bytes: number; at: number[] }>();
  holders.forEach((at, chunk) => {
    const bytes = code.chunks[chunk] ?? 0;
    if (at.length < 2 || bytes === 0) return;
    const key = at.join();
    const row = rows.get(key) ?? { bytes: 0, at };
    row.bytes += bytes;
    rows.set(key, row);
  });
  const all = [...rows.values()].map(({ bytes, at }): SharedCode => {
    const here = at.flatMap((index) => routes[index] ?? []);
    return {
      bytes,
      routes: here.slice(0, MOST_ROUTES).map(({ pattern }) => pattern),
      count: here.length,
      functions: new Set(here.map(({ file }) => homes.get(file))).size,
    };
  });
  const weight = ({ bytes, functions: count }: SharedCode): number => bytes * count;
  return all
    .sort((a, b) => weight(b) - weight(a) || b.count - a.count || (a.routes.join() < b.routes.join() ? -1 : 1))
    .slice(0, MOST_SHARED);
}
