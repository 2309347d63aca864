/**
 * Node's slice of `godwit.config.ts`: the defaults of a built `server.mjs`. `PORT` and `HOST` of the environment win.
 * @module
 */
import * as z from "zod";
import type { ServeOptions } from "./options.ts";

/** What the config is; what it leaves out has the default that `ServeOptions` documents. */
export interface NodeConfig extends Omit<ServeOptions, "env" | "root" | "health"> {
  /** `false` has none. Default: `/healthz` and `/readyz`, each where no route of the app matches it. */
  health?: false | { live?: string; ready?: string };
  /** The image that the Dockerfile starts from. Default `node:24-slim`. */
  image: string;
}

const count: z.ZodNumber = z.int().positive();
const time: z.ZodNumber = z.int().nonnegative();
const path: z.ZodString = z.string().regex(/^\/[\w\-./]*$/, "a path without parameters, such as /healthz");
const network: z.ZodUnion<[z.ZodIPv4, z.ZodIPv6, z.ZodCIDRv4, z.ZodCIDRv6]> = z.union([
  z.ipv4(),
  z.ipv6(),
  z.cidrv4(),
  z.cidrv6(),
]);

export const nodeConfig: z.ZodType<NodeConfig> = z.strictObject({
  port: z.int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
  tls: z.strictObject({ key: z.string().min(1), cert: z.string().min(1) }).optional(),
  http2: z.boolean().optional(),
  trustProxy: z.union([z.literal(false), z.int().min(0).max(16), z.array(network)]).optional(),
  limits: z
    .strictObject({
      headerBytes: count.min(1024),
      headerCount: count,
      bodyBytes: z.int().nonnegative(),
      headerTime: count,
      requestTime: count,
      keepAlive: count,
      stall: count,
      concurrency: count,
      streams: count,
    })
    .partial()
    .optional(),
  health: z.union([z.literal(false), z.strictObject({ live: path.optional(), ready: path.optional() })]).optional(),
  nativeRequest: z.boolean().optional(),
  shutdown: z.strictObject({ delay: time.optional(), deadline: time.optional() }).optional(),
  image: z
    .string()
    .regex(/^[\w][\w./:@-]*$/, "an image's name")
    .default("node:24-slim"),
});
