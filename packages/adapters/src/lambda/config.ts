/**
 * Lambda's slice of `godwit.config.ts`.
 * @module
 */
import * as z from "zod";
import { FRONTS, type FrontName, MOST_ROUTES } from "./limits.ts";

/** What the config is once the defaults are filled in. */
export interface LambdaConfig {
  /** What deploy ships before the functions, and what the emulator plays. A `-stream` one streams. Default `http-api`. */
  front: FrontName;
  /** Default: `x64` when the app has a native addon, else `arm64`. */
  architecture?: "arm64" | "x64";
  /** Megabytes, 128 to 10240. A route's own `memory` wins where it is more. Default 512. */
  memory: number;
  /** Seconds, 1 to 900. Default 30, or less where the front waits less. */
  timeout: number;
  runtime: "nodejs22.x" | "nodejs24.x";
  /** The stage of API Gateway; any but `$default` is in the path, and is taken off it. Default `$default`. */
  stage: string;
  /** How many proxies of yours stand before the front: see `RequestOptions`. Default 0. */
  trustProxy: number;
  /** Routes that API Gateway takes in one API: 300, which AWS raises on request. Default 300. */
  frontRoutes: number;
  /** A path that a custom domain maps to this app: `/v1`. */
  basePath?: string;
}

const names = Object.keys(FRONTS) as [FrontName, ...FrontName[]]; // the keys of a literal that has some

export const lambdaConfig: z.ZodType<LambdaConfig> = z
  .strictObject({
    front: z.enum(names).default("http-api"),
    architecture: z.enum(["arm64", "x64"]).optional(),
    memory: z.int().min(128).max(10_240).default(512),
    timeout: z.int().min(1).max(900).optional(),
    runtime: z.enum(["nodejs22.x", "nodejs24.x"]).default("nodejs24.x"),
    stage: z
      .string()
      .regex(/^(\$default|[\w-]{1,128})$/, "a stage is letters, digits, hyphens and underscores, or $default")
      .default("$default"),
    trustProxy: z.int().min(0).max(10).default(0),
    frontRoutes: z.int().min(MOST_ROUTES).max(100_000).default(MOST_ROUTES),
    basePath: z
      .string()
      .regex(/^(\/[\w.-]+)+$/, "a base path is such as /v1")
      .optional(),
  })
  .transform(({ timeout, ...rest }, context): LambdaConfig => {
    const most = (FRONTS[rest.front].limits.duration ?? 900_000) / 1000;
    if (timeout !== undefined && timeout > most) {
      const message = `the front ${rest.front} waits ${most} seconds at most`;
      context.addIssue({ code: "custom", path: ["timeout"], message });
    }
    return { ...rest, timeout: timeout ?? Math.min(30, most) };
  });
