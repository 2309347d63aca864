/**
 * 7. check: bytes against budgets and limits, before anything is written.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { AssetFile, BuiltFunction, Limits, Target } from "./contracts.ts";
import type { BuildConfig, ByteBudget, Notice, Weight } from "./steps.ts";
import { deflate } from "./zip.ts";

export interface Size {
  bytes: number;
  /** Each file gzipped alone at level 9. */
  gzipBytes: number;
}

export interface CheckInput {
  functions: BuiltFunction[];
  weights: Record<string, Weight[]>;
  target: Target;
  targetConfig: unknown;
  config: BuildConfig;
  assets: AssetFile[];
}

export function sizeOf({ files }: BuiltFunction): Size {
  let bytes = 0;
  let gzipBytes = 0;
  for (const { contents } of files) {
    bytes += contents.length;
    gzipBytes += deflate(contents).gzipBytes;
  }
  return { bytes, gzipBytes };
}

/** The platform's limits for a variant, as the target's config leaves them. */
export function limitsOf(target: Target, variant: string, targetConfig: unknown): Limits {
  return { ...target.variants[variant]?.limits, ...target.limits?.(targetConfig, variant) };
}

/** Functions over their platform's limit: a build may group anew before it gives up. */
export function overLimit({ functions, target, targetConfig }: CheckInput): BuiltFunction[] {
  return functions.filter((fn) => {
    const limits = limitsOf(target, fn.plan.variant, targetConfig);
    const size = sizeOf(fn);
    return over(size.bytes, limits.functionBytes) || over(size.gzipBytes, limits.functionGzipBytes);
  });
}

function over(actual: number, most: number | undefined): boolean {
  return most !== undefined && actual > most;
}

/**
 * Throws LIMIT_EXCEEDED for what the platform would refuse, BUDGET_EXCEEDED for what the config forbids, each with the
 * function, the budget, the actual size and the heaviest imports; ASSETS_EXCEEDED for files that functions cannot serve.
 * Returns a notice for each budget of which less than a tenth is left.
 */
export function checkSizes(input: CheckInput): Notice[] {
  const { functions, weights, target, targetConfig, config, assets } = input;
  const notices: Notice[] = [];
  const total: Size = { bytes: 0, gzipBytes: 0 };
  for (const fn of functions) {
    const { id, variant } = fn.plan;
    const size = sizeOf(fn);
    total.bytes += size.bytes;
    total.gzipBytes += size.gzipBytes;
    const heaviest = print(weights[id] ?? []);
    const limits = limitsOf(target, variant, targetConfig);
    const most: ByteBudget = { bytes: limits.functionBytes, gzipBytes: limits.functionGzipBytes };
    const where = `Function ${id}`;
    notices.push(...compare(size, most, "LIMIT_EXCEEDED", where, `${target.name} takes at most`, heaviest));
    notices.push(...compare(size, config.budgets?.function, "BUDGET_EXCEEDED", where, "budgets.function is", heaviest));
    checkAssets(assets, limits, target.variants[variant]?.assets === "function");
  }
  const all = print(sum(Object.values(weights)));
  notices.push(...compare(total, config.budgets?.total, "BUDGET_EXCEEDED", "The app", "budgets.total is", all));
  return notices;
}

function compare(
  size: Size,
  budget: ByteBudget | undefined,
  code: "LIMIT_EXCEEDED" | "BUDGET_EXCEEDED",
  where: string,
  rule: string,
  heaviest: string,
): Notice[] {
  const notices: Notice[] = [];
  for (const unit of ["bytes", "gzipBytes"] as const) {
    const most = budget?.[unit];
    if (most === undefined) continue;
    const word = unit === "bytes" ? "bytes" : "bytes gzipped";
    const actual = size[unit];
    const says = `${where} has ${format(actual)} ${word}; ${rule} ${format(most)}. Heaviest: ${heaviest}.`;
    const advice = `Import less of that${code === "BUDGET_EXCEEDED" ? ", or raise the budget in the config" : ", or spread its routes over more functions"}.`;
    if (actual > most && code === "LIMIT_EXCEEDED") throw new GodwitError("LIMIT_EXCEEDED", `${says} ${advice}`);
    if (actual > most) throw new GodwitError("BUDGET_EXCEEDED", `${says} ${advice}`);
    if (actual > most * 0.9) notices.push({ code: "BUDGET_NEAR", message: says });
  }
  return notices;
}

function checkAssets(assets: AssetFile[], limits: Limits, byFunction: boolean): void {
  if (!byFunction) return;
  const total = assets.reduce((bytes, asset) => bytes + asset.bytes, 0);
  const largest = assets.find((asset) => over(asset.bytes, limits.assetBytes));
  const says = largest
    ? `public${largest.path} has ${format(largest.bytes)} bytes, and a function serves files of at most ${format(limits.assetBytes ?? 0)}`
    : over(total, limits.assetTotalBytes)
      ? `public/ has ${format(total)} bytes, and a function carries at most ${format(limits.assetTotalBytes ?? 0)}`
      : over(assets.length, limits.assetCount)
        ? `public/ has ${assets.length} files, and a function carries at most ${limits.assetCount}`
        : undefined;
  if (says) throw new GodwitError("ASSETS_EXCEEDED", `${says}. Serve them from an object store or a CDN.`);
}

/** Throws STARTUP_EXCEEDED. */
export function checkStartup(startup: Record<string, { startupCpu: number }>, config: BuildConfig): void {
  const most = config.budgets?.startup;
  if (most === undefined) return;
  const slow = Object.entries(startup).filter(([, { startupCpu }]) => startupCpu > most);
  if (slow.length === 0) return;
  const lines = slow.map(([id, { startupCpu }]) => `${id} takes ${startupCpu.toFixed(1)} ms`);
  throw new GodwitError(
    "STARTUP_EXCEEDED",
    `Over budgets.startup of ${most} ms of CPU: ${lines.join(", ")}. Import less at the top of their files, or raise the budget in the config.`,
  );
}

function print(weights: Weight[]): string {
  const top = weights.slice(0, 5).map(({ name, bytes }) => `${name} ${format(bytes)}`);
  return top.length > 0 ? top.join(", ") : "nothing";
}

function sum(lists: Weight[][]): Weight[] {
  const sums = new Map<string, number>();
  for (const { name, bytes } of lists.flat()) sums.set(name, (sums.get(name) ?? 0) + bytes);
  return [...sums].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** `1,234,567`, the same in every locale. */
function format(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
