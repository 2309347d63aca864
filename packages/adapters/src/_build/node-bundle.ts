/**
 * How esbuild bundles for any platform that runs Node.
 * @module
 */
import type { EsbuildSettings } from "@godwit/bundler/contracts";

export const nodeBundle: EsbuildSettings = {
  platform: "node",
  format: "esm",
  target: "node22",
  conditions: ["node"],
  // esbuild's own default takes a package's CommonJS first, which is larger and slower to start.
  mainFields: ["module", "main"],
  define: { "process.env.NODE_ENV": '"production"' },
  requireBanner: true,
};
