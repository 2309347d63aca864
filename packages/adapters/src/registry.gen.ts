/**
 * Generated from the folders beside this file. Do not edit: a test says how to write it anew.
 * @module
 */
import type { ConfigOf, EmulatorModule, Target } from "@godwit/bundler/contracts";
import type { target as cloudflare } from "./cloudflare/target.ts";

export interface Platform {
  target(): Promise<{ target: Target }>;
  emulate(): Promise<EmulatorModule>;
}

/** The slice of `godwit.config.ts` that each target takes. */
export interface TargetConfigs {
  cloudflare: Partial<ConfigOf<typeof cloudflare>>;
}

export const platforms: Record<keyof TargetConfigs, Platform> = {
  cloudflare: { target: () => import("./cloudflare/target.ts"), emulate: () => import("./cloudflare/emulate.ts") },
};
