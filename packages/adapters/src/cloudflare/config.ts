/**
 * Cloudflare's slice of `godwit.config.ts`.
 * @module
 */
import * as z from "zod";

const binding: z.ZodString = z.string().regex(/^[A-Za-z_$][\w$]*$/, "a binding's name is a JavaScript identifier");

export interface DurableObjectClass {
  class: string;
  /** Relative to the app's folder. */
  module: string;
  /** What the objects keep their state in; fixed once the class is deployed. Default `sqlite`, the only one of the free plan. */
  storage?: "sqlite" | "kv";
}

/** What the config is once the defaults are filled in. */
export interface CloudflareConfig {
  /** The Worker's name. Default: the app's, in lower case with hyphens. */
  name?: string;
  /** Which limits hold. Default `free`. */
  plan: "free" | "paid";
  /** Default 2026-07-30, the newest that the local runtime knows. */
  compatibilityDate: string;
  /** Default `["nodejs_compat"]`. `enable_request_signal` is always added: `context.signal` needs it. */
  compatibilityFlags: string[];
  /** Values that are no secret: strings, or JSON. */
  vars: Record<string, z.core.util.JSONType>;
  /** Binding -> KV namespace. Without an id, the deploy makes one. */
  kv: Record<string, { id?: string }>;
  r2: Record<string, { bucket: string }>;
  d1: Record<string, { name: string; id?: string }>;
  /** Binding -> queue that the app sends to. */
  queues: Record<string, { queue: string }>;
  /** Binding -> class of Durable Objects, which the Worker in front exports from a module of the app. */
  durableObjects: Record<string, DurableObjectClass>;
  /** Binding -> another Worker of the account. */
  services: Record<string, { service: string; entrypoint?: string }>;
  /** Cloudflare counts in periods of 10 or 60 seconds. */
  ratelimits: Record<string, { namespace: string; limit: number; period: 10 | 60 }>;
  /** `example.com/api/*`, of a zone of the account. */
  routes: { pattern: string; zone?: string }[];
  /** Custom domains, wholly the app's. */
  domains: string[];
  /** Answers at `<name>.<account>.workers.dev`. Default: when there are neither routes nor domains. */
  workersDev?: boolean;
}

export const cloudflareConfig: z.ZodType<CloudflareConfig> = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a Worker's name is at most 63 lower-case letters, digits and hyphens")
    .optional(),
  plan: z.enum(["free", "paid"]).default("free"),
  compatibilityDate: z.iso.date().default("2026-07-30"),
  compatibilityFlags: z.array(z.string()).default(["nodejs_compat"]),
  vars: z.record(binding, z.json()).default({}),
  kv: z.record(binding, z.strictObject({ id: z.string().optional() })).default({}),
  r2: z.record(binding, z.strictObject({ bucket: z.string() })).default({}),
  d1: z.record(binding, z.strictObject({ name: z.string(), id: z.string().optional() })).default({}),
  queues: z.record(binding, z.strictObject({ queue: z.string() })).default({}),
  durableObjects: z
    .record(
      binding,
      z.strictObject({
        class: binding.refine((name) => name !== "default" && name !== "schedule", "an export that the entry has"),
        module: z
          .string()
          .regex(/^(?!\/|.*\.\.)[^\\"]+$/, "a path below the app's folder, such as ./objects/counter.ts"),
        storage: z.enum(["sqlite", "kv"]).default("sqlite"),
      }),
    )
    .default({}),
  services: z.record(binding, z.strictObject({ service: z.string(), entrypoint: z.string().optional() })).default({}),
  ratelimits: z
    .record(
      binding,
      z.strictObject({
        namespace: z.string().regex(/^\d+$/),
        limit: z.int().positive(),
        period: z.union([z.literal(10), z.literal(60)]),
      }),
    )
    .default({}),
  routes: z.array(z.strictObject({ pattern: z.string(), zone: z.string().optional() })).default([]),
  domains: z.array(z.string()).default([]),
  workersDev: z.boolean().optional(),
});

/** Whether Node's built-ins are there. */
export function hasNode(config: CloudflareConfig): boolean {
  return config.compatibilityFlags.includes("nodejs_compat");
}
