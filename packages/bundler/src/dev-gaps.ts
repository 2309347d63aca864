/**
 * What a route reaches and its platform lacks, told while the app is developed as the build would tell it. In
 * development nothing is shaken off, so an import alone is a suspicion: the build's own analysis of that route decides.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { analyseApp, analysisSettings } from "./analyse.ts";
import type { Target } from "./contracts.ts";
import type { Module } from "./dev-graph.ts";
import { chooseVariant } from "./group-variants.ts";
import type { Notice, ScannedApp, ScannedRoute } from "./steps.ts";

export interface GapOptions {
  target: Target;
  /** What the target's schema made of its slice of the config. */
  targetConfig: unknown;
  /** Whose modules the graph holds. */
  variant: string;
  external: readonly string[];
  onNotice(notice: Notice): void;
}

/** After the answer that waits for the module. */
const DELAY = 200;

export interface Gaps {
  /** Looks at a route whose module is new; `reached` are all modules below it. */
  look(app: ScannedApp, route: ScannedRoute, reached: Iterable<Module>): void;
  close(): void;
}

export function createGaps({ target, targetConfig, variant, external, onNotice }: GapOptions): Gaps {
  const { nodeBuiltins = "all" } = target.variants[variant] ?? {};
  const has = new Set(nodeBuiltins === "all" ? [] : nodeBuiltins);
  const isLacking = (specifier: string): boolean =>
    /^node:/.test(specifier) && !has.has(specifier.slice("node:".length));
  const waiting = new Map<string, { app: ScannedApp; route: ScannedRoute }>();
  /** What was said of a pattern. */
  const told = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  async function judge(): Promise<void> {
    timer = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    for (const { app, route } of all) {
      const notice = await gapOf({ ...app, routes: [route] });
      if (notice && told.get(route.pattern) !== notice.message) onNotice(notice);
      if (notice) told.set(route.pattern, notice.message);
      else told.delete(route.pattern);
    }
  }

  /** What is broken is told by others. */
  async function gapOf(app: ScannedApp): Promise<Notice | undefined> {
    const analysed = await analyseApp(app, {
      external: [...external],
      settings: analysisSettings(target, targetConfig),
    }).catch(() => undefined);
    try {
      for (const route of analysed?.routes ?? []) chooseVariant(route, target, targetConfig);
    } catch (error) {
      if (error instanceof GodwitError) return { code: error.code, message: error.message };
    }
    return undefined;
  }

  return {
    look(app, route, reached) {
      if (nodeBuiltins === "all") return;
      const isSuspect = [...reached].some(({ compiled }) => compiled?.externals.some(isLacking));
      if (!isSuspect && !told.has(route.pattern)) return;
      waiting.set(route.pattern, { app, route });
      timer ??= setTimeout(() => void judge(), DELAY);
    },
    close: () => clearTimeout(timer),
  };
}
