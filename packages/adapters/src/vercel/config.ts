/**
 * The `vercel` slice of `godwit.config.ts`, and what each plan allows.
 * @module
 */
import { z } from "zod";

/** https://vercel.com/docs/functions/limitations and https://vercel.com/docs/functions/runtimes/edge, read 2026-11-21. */
export const PLANS = {
  hobby: { functions: 12, memory: 2048, duration: 300, edgeGzipBytes: 1_000_000 },
  pro: { functions: undefined, memory: 4096, duration: 800, edgeGzipBytes: 2_000_000 },
  enterprise: { functions: undefined, memory: 4096, duration: 800, edgeGzipBytes: 4_000_000 },
} as const;

export interface VercelConfig {
  /** For every route that asks for none itself. Default `auto`: Edge where a route can run there, else Node. */
  runtime: "auto" | "edge" | "node";
  /** Decides limits, such as 12 functions on `hobby`, the default. */
  plan: keyof typeof PLANS;
  /** Such as `["iad1"]`. Default: the project's own. */
  regions?: string[];
  /** Megabytes of Node functions. Default: the project's own. */
  memory?: number;
  /** Seconds of Node functions, from 1. Default: the project's own. */
  maxDuration?: number;
  /** Default `nodejs24.x`. */
  nodeVersion: "nodejs22.x" | "nodejs24.x";
  /** Default `x86_64`. Native addons must be built for it. */
  architecture: "x86_64" | "arm64";
}

export const schema: z.ZodType<VercelConfig> = z
  .strictObject({
    runtime: z.enum(["auto", "edge", "node"]).default("auto"),
    plan: z.enum(["hobby", "pro", "enterprise"]).default("hobby"),
    regions: z
      .array(z.string().regex(/^[a-z]{3}\d$/, "a region is three letters and a digit, such as iad1"))
      .min(1)
      .optional(),
    memory: z.int().min(128).optional(),
    maxDuration: z.int().min(1).optional(),
    nodeVersion: z.enum(["nodejs22.x", "nodejs24.x"]).default("nodejs24.x"),
    architecture: z.enum(["x86_64", "arm64"]).default("x86_64"),
  })
  .superRefine(({ plan, memory, maxDuration }, context) => {
    const most = PLANS[plan];
    const check = (path: string, value: number | undefined, limit: number, unit: string) => {
      if (value === undefined || value <= limit) return;
      context.addIssue({ code: "custom", path: [path], message: `the ${plan} plan allows at most ${limit} ${unit}` });
    };
    check("memory", memory, most.memory, "MB");
    check("maxDuration", maxDuration, most.duration, "seconds");
  });
