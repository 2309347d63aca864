/**
 * Node's slice of the config's `deploy`.
 * @module
 */
import * as z from "zod";
import { configInvalid } from "../../engine/errors.ts";

export interface NodeSettings {
  /** `user@example.com`, as ssh(1) takes it. Default: this machine. */
  host?: string;
  /** The app's folder on the host: absolute, or `~/...`. Default `~/godwit/<app>`. */
  path?: string;
  /** Where the stage `production` listens. Default 3000. */
  port: number;
  /** Where other stages listen. A stage without one takes a port that is free, and keeps it. */
  ports: Record<string, number>;
  /** The address to listen on, such as `127.0.0.1` behind a proxy. Default: all. */
  listen?: string;
  /** Where the world reaches it, where that is not the host's name and port. */
  url?: string;
  /** Releases that were live and are kept. Default 5. */
  keep: number;
  /** Processes of a release. Default 1. */
  workers: number;
  /** Milliseconds that an old release may take to finish what it began. Default 70,000. */
  drain: number;
  /** Milliseconds until a worker must be ready. Default 30,000. */
  start: number;
  /** A path that must answer 2xx before a release gets traffic. Default: that it listens is enough. */
  health?: string;
  /** How ssh is called. Default `["ssh"]`. */
  sshCommand: string[];
  /** The host's Node. Default `node`; on this machine the one that runs the deploy. */
  node?: string;
  /** What starts the supervisor where none runs, such as `["sudo", "-n", "systemctl", "start", "godwit@links"]`. */
  startCommand?: string[];
}

const port: z.ZodNumber = z.int().min(1).max(65_535);
const time: z.ZodNumber = z.int().min(100).max(86_400_000);
const words: z.ZodArray<z.ZodString> = z.array(z.string().min(1)).min(1);

const schema: z.ZodType<NodeSettings> = z.strictObject({
  host: z
    .string()
    .regex(/^(?:[\w.][\w.-]*@)?(?:[\w.][\w.-]*|\[[\da-f:]+\])$/i, "a host such as deploy@example.com")
    .optional(),
  path: z
    .string()
    .regex(/^(?:\/|~\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0\n]*[^\0\n/]$/, "an absolute path, or one that begins with ~/")
    .optional(),
  port: port.default(3000),
  ports: z.record(z.string(), port).default({}),
  listen: z.union([z.ipv4(), z.ipv6(), z.literal("localhost")]).optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  keep: z.int().min(1).max(50).default(5),
  workers: z.int().min(1).max(128).default(1),
  drain: time.default(70_000),
  start: time.default(30_000),
  health: z
    .string()
    .regex(/^\/[\w\-./]*$/, "a path such as /readyz")
    .optional(),
  sshCommand: words.default(["ssh"]),
  node: z.string().min(1).optional(),
  startCommand: words.optional(),
});

/** Throws DEPLOY_CONFIG_INVALID. */
export function parseSettings(given: unknown): NodeSettings {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${["deploy.node", ...path].join(".")}: ${message}`);
  throw configInvalid(lines, "docs/deploy/node.md");
}
