/**
 * The vendors, each loaded only when its name is asked for. A folder in `deployers/` is a line in each of these.
 * @module
 */
import type { DeployerModule } from "./contracts.ts";
import type { AwsSettings } from "./deployers/aws/settings.ts";
import type { CloudflareSettings } from "./deployers/cloudflare/settings.ts";
import type { NodeSettings } from "./deployers/node/settings.ts";
import type { VercelSettings } from "./deployers/vercel/settings.ts";

/** What each makes of its slice of the config's `deploy`. */
export interface DeploySettings {
  aws: AwsSettings;
  cloudflare: CloudflareSettings;
  node: NodeSettings;
  vercel: VercelSettings;
}

export const deployers: Record<string, () => Promise<DeployerModule>> = {
  aws: () => import("./deployers/aws/index.ts"),
  cloudflare: () => import("./deployers/cloudflare/index.ts"),
  node: () => import("./deployers/node/index.ts"),
  vercel: () => import("./deployers/vercel/index.ts"),
};
