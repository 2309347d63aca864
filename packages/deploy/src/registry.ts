/**
 * The vendors, each loaded only when its name is asked for. A folder in `deployers/` is a line here.
 * @module
 */
import type { DeployerModule } from "./contracts.ts";

export const deployers: Record<string, () => Promise<DeployerModule>> = {
  aws: () => import("./deployers/aws/index.ts"),
  cloudflare: () => import("./deployers/cloudflare/index.ts"),
  node: () => import("./deployers/node/index.ts"),
  vercel: () => import("./deployers/vercel/index.ts"),
};
