/**
 * The config's `deploy`: what holds for every vendor, and a slice for each, which its own folder checks.
 * @module
 */
import type { DeploySettings } from "@godwit/deploy";
import * as z from "zod";

export interface DeployConfig {
  /** A command that runs once when a new release is proven and before it has traffic, such as a migration. */
  beforePromote?: string;
  /**
   * What is asked for once a new release has the traffic, so that its cache has it: paths, each of every address of the
   * deployment, and whole URLs. Or the name of a file with one a line, where a line with `#` first is a remark.
   */
  warm?: string[] | string;
  canary?: {
    /** Share of errors, 0 to 1, above which a canary goes back, if the live release has fewer. Default 0.01. */
    errorRate?: number;
    /** Milliseconds of the 95th percentile above which it goes back. Default: `slower` alone. */
    p95?: number;
    /** How many times the live release's 95th percentile it may take at the end of a step. Default 3. */
    slower?: number;
    /** Requests that a step must have answered to be judged. Default 20. */
    samples?: number;
    /** Further intervals that a step waits for them. Default 5. */
    holds?: number;
  };
  /** Where a canary's figures come from, instead of the vendor: see `--metrics-url`. */
  metricsUrl?: string;
  /** Amazon Web Services, for the target lambda: see docs/deploy/aws.md. */
  aws?: Loose<DeploySettings["aws"]>;
  /** See docs/deploy/cloudflare.md. */
  cloudflare?: Loose<DeploySettings["cloudflare"]>;
  /** See docs/deploy/node.md. */
  node?: Loose<DeploySettings["node"]>;
  /** See docs/deploy/vercel.md. */
  vercel?: Loose<DeploySettings["vercel"]>;
}

/** As it is written: a vendor's folder checks it and fills in the defaults. */
type Loose<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;

/** Named here so that reading a config loads no deployer; a test compares them with the folders. */
export const VENDORS = ["aws", "cloudflare", "node", "vercel"] as const;

/** A path, or a URL of the web. */
export const WARM: RegExp = /^(?:\/|https?:\/\/[^/\s])\S*$/;

const slice: z.ZodType<Record<string, unknown> | undefined> = z.record(z.string(), z.unknown()).optional();

export const deploySchema: z.ZodType<DeployConfig> = z.strictObject({
  beforePromote: z.string().min(1).optional(),
  warm: z
    .union([z.array(z.string().regex(WARM, "a path or a URL")), z.string().min(1)], {
      error: "an array of paths and URLs, or the name of a file of them",
    })
    .optional(),
  canary: z
    .strictObject({
      errorRate: z.number().min(0).max(1).optional(),
      p95: z.number().positive().optional(),
      slower: z.number().min(1).optional(),
      samples: z.int().min(1).optional(),
      holds: z.int().min(0).max(1000).optional(),
    })
    .optional(),
  metricsUrl: z.url({ protocol: /^https?$/ }).optional(),
  ...Object.fromEntries(VENDORS.map((name) => [name, slice])),
});
