/**
 * `<out>/<target>.report/`: `report.json` and `report.html`, beside the artefact and no part of it, since they tell
 * what changed since the last build.
 * @module
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { REPORT_VERSION, type ReportData, type ReportFunction } from "./report-data.ts";
import { toPage } from "./report-html.ts";

/** Where a target's report lies. */
export function reportFolder(out: string, target: string): string {
  return join(out, `${target}.report`);
}

/** The report of the last build; undefined where there is none, or one that this version does not read. */
export function previousReport(out: string, app: string, target: string): ReportData | undefined {
  try {
    const data = parseReport(readFileSync(join(reportFolder(out, target), "report.json"), "utf8"));
    return data?.app === app && data.target === target ? data : undefined;
  } catch {
    return undefined; // what cannot be read is nothing to compare with
  }
}

/** Other files of the folder stay as they are. Returns the page's path. */
export async function writeReport(out: string, data: ReportData): Promise<string> {
  const folder = reportFolder(out, data.target);
  const json = JSON.stringify(data);
  const page = await toPage(json);
  mkdirSync(folder, { recursive: true });
  replace(join(folder, "report.json"), `${json}\n`);
  const path = join(folder, "report.html");
  replace(path, page);
  return path;
}

/** A reader sees the old file or the new one. */
function replace(path: string, text: string): void {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, text);
  renameSync(next, path);
}

/** Where the report of a build is, and what it says. */
export interface FoundReport {
  /** Absolute path of `report.html`. */
  page: string;
  data: ReportData;
}

/**
 * Finds the report that the last build of a target left. Throws REPORT_ABSENT.
 *
 * @example const { page } = readReport("/shop/dist", "lambda");
 */
export function readReport(out: string, target: string): FoundReport {
  const folder = reportFolder(resolve(out), target);
  let data: ReportData | undefined;
  try {
    data = parseReport(readFileSync(join(folder, "report.json"), "utf8"));
  } catch {
    // said below
  }
  if (data) return { page: join(folder, "report.html"), data };
  throw new GodwitError(
    "REPORT_ABSENT",
    `There is no report of this version in ${folder}. Run \`godwit build --target ${target}\` first.`,
  );
}

function parseReport(text: string): ReportData | undefined {
  const data = JSON.parse(text) as Partial<ReportData> | null; // checked for what the next build and the terminal read
  const isWhole =
    data?.version === REPORT_VERSION &&
    typeof data.app === "string" &&
    typeof data.target === "string" &&
    areNumbers(data.bytes, data.gzipBytes) &&
    Array.isArray(data.limits) &&
    Array.isArray(data.functions) &&
    data.functions.every(isFunction);
  return isWhole ? (data as ReportData) : undefined; // as just checked
}

function isFunction(fn: Partial<ReportFunction> | null): boolean {
  return (
    typeof fn?.id === "string" &&
    typeof fn.hash === "string" &&
    areNumbers(fn.bytes, fn.gzipBytes) &&
    (fn.startup === undefined || areNumbers(fn.startup?.startupCpu, fn.startup?.firstUseCpu)) &&
    Array.isArray(fn.limits) &&
    Array.isArray(fn.packages) &&
    fn.packages.every((one) => typeof one?.name === "string" && areNumbers(one.bytes))
  );
}

function areNumbers(...values: unknown[]): boolean {
  return values.every(Number.isFinite);
}
