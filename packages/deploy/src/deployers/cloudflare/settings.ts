/**
 * Cloudflare's slice of the config's `deploy`.
 * @module
 */
import * as z from "zod";
import { configInvalid } from "../../engine/errors.ts";

export interface CloudflareAddresses {
  /** `example.com/api/*`, of a zone of the account. */
  routes: { pattern: string; zone?: string }[];
  /** Custom domains, wholly the app's. */
  domains: string[];
}

export interface CloudflareSettings {
  /** The account's id. Default: `CLOUDFLARE_ACCOUNT_ID`, else the token's only account. */
  account?: string;
  /** Takes over a Worker of the app's name that Godwit did not make. Default false. */
  adopt: boolean;
  /** Milliseconds that a Worker may take to start, as Cloudflare measures it. Default 1000, which is Cloudflare's limit. */
  startup: number;
  /** Addresses of other stages than production, whose are in `cloudflare.routes` and `cloudflare.domains`. */
  stages: Record<string, CloudflareAddresses>;
}

const addresses: z.ZodType<CloudflareAddresses> = z.strictObject({
  routes: z.array(z.strictObject({ pattern: z.string(), zone: z.string().optional() })).default([]),
  domains: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/, "a domain such as links.example.com")).default([]),
});

const schema: z.ZodType<CloudflareSettings> = z.strictObject({
  account: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "an account's id is 32 hexadecimal digits")
    .optional(),
  adopt: z.boolean().default(false),
  startup: z.number().positive().default(1000),
  stages: z.record(z.string(), addresses).default({}),
});

/** Throws DEPLOY_CONFIG_INVALID. */
export function parseSettings(given: unknown): CloudflareSettings {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(
    ({ path, message }) => `${["deploy.cloudflare", ...path].join(".")}: ${message}`,
  );
  throw configInvalid(lines, "docs/deploy/cloudflare.md");
}
