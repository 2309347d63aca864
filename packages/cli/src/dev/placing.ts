/**
 * Which runtime takes which route, where a platform has several: a route that has to move asks for a restart.
 * @module
 */
import { type DevChange, type DevVariants, hasRuntimes, movedRoutes, readVariants, variantsOf } from "@godwit/bundler";
import type { Artefact, Target } from "@godwit/bundler/contracts";
import type { Project } from "../project/config.ts";

export interface Placing {
  /** Of what runs; undefined for a route that it does not know. */
  variantOf(pattern: string): string | undefined;
  /** In what runs. */
  variants(): string[];
  /** What runs from now on. */
  take(artefact: Artefact): void;
  /** Whether a change may move a route. */
  concerns(change: DevChange): boolean;
  /** Why what runs does not fit the files any more; undefined where it does. */
  why(project: Project, target: Target, targetConfig: unknown): Promise<string | undefined>;
}

export function createPlacing(target: Target): Placing {
  const isSplit = hasRuntimes(target);
  let running: DevVariants = { fallback: "", routes: {} };
  return {
    variantOf: (pattern) => running.routes[pattern],
    variants: () => [...new Set([running.fallback, ...Object.values(running.routes)])].filter(Boolean),
    take({ manifest }) {
      running = variantsOf(manifest);
    },
    concerns: ({ relinked, added, removed }) => isSplit && (relinked || added.length + removed.length > 0),
    async why({ root, build: config }, target, targetConfig) {
      const now = await readVariants({ root, target, targetConfig, config });
      const [first, ...rest] = now ? movedRoutes(running, now) : [];
      if (first === undefined) return undefined;
      const variant = now?.routes[first];
      const says = variant === undefined ? `${first} is gone` : `${first} runs on ${variant} now`;
      return rest.length > 0 ? `${says}, and ${rest.length} more` : says;
    },
  };
}
