/**
 * Generated from the folders beside this file. Do not edit: a test says how to write it anew.
 * @module
 */
import type { ConfigOf, EmulatorModule, Target } from "@godwit/bundler/contracts";
import type { target as cloudflare } from "./cloudflare/target.ts";
import type { target as lambda } from "./lambda/target.ts";
import type { target as node } from "./node/target.ts";
import type { target as vercel } from "./vercel/target.ts";

export interface Platform {
  target(): Promise<{ target: Target }>;
  emulate(): Promise<EmulatorModule>;
}

/** The slice of `godwit.config.ts` that each target takes. */
export interface TargetConfigs {
  cloudflare: Partial<ConfigOf<typeof cloudflare>>;
  lambda: Partial<ConfigOf<typeof lambda>>;
  node: Partial<ConfigOf<typeof node>>;
  vercel: Partial<ConfigOf<typeof vercel>>;
}

export const platforms: Record<keyof TargetConfigs, Platform> = {
  cloudflare: { target: () => import("./cloudflare/target.ts"), emulate: () => import("./cloudflare/emulate.ts") },
  lambda: { target: () => import("./lambda/target.ts"), emulate: () => import("./lambda/emulate.ts") },
  node: { target: () => import("./node/target.ts"), emulate: () => import("./node/emulate.ts") },
  vercel: { target: () => import("./vercel/target.ts"), emulate: () => import("./vercel/emulate.ts") },
};
