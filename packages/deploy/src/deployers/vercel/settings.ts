/**
 * Vercel's slice of the config's `deploy`.
 * @module
 */
import * as z from "zod";
import { configInvalid } from "../../engine/errors.ts";

export interface VercelSettings {
  /** The team's id, `team_...`. Default: `VERCEL_ORG_ID`, else the token's own account. */
  team?: string;
  /** The project's name; other stages than `production` have `<name>-<stage>`. Default: the app's. */
  project?: string;
  /** Domains of production traffic, beside `<project>.vercel.app`. */
  domains: string[];
}

const schema: z.ZodType<VercelSettings> = z.strictObject({
  team: z
    .string()
    .regex(/^team_\w+$/, "a team's id begins with team_")
    .optional(),
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "a project is named with at most 100 lower-case letters, digits, . _ and -")
    .optional(),
  domains: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/, "a domain such as links.example.com")).default([]),
});

/** Throws DEPLOY_CONFIG_INVALID. */
export function parseSettings(given: unknown): VercelSettings {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${["deploy.vercel", ...path].join(".")}: ${message}`);
  throw configInvalid(lines, "docs/deploy/vercel.md");
}
