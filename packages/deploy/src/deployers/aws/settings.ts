/**
 * AWS's slice of the config's `deploy`.
 * @module
 */
import * as z from "zod";
import { configInvalid } from "../../engine/errors.ts";

/** A statement of an IAM policy, as AWS spells it. */
export interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface AwsSettings {
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, else the profile's. */
  region?: string;
  /** A profile of `~/.aws/config`. Default: `AWS_PROFILE`. */
  profile?: string;
  /** The account that this may be deployed to. Default: the one that the credentials belong to. */
  account?: string;
  /** A role that is there; by default one is made that may write this stage's logs and what `statements` allow. */
  role?: string;
  /** ARN of the policy that bounds what the role that is made may ever do. Not with `role`. */
  permissionsBoundary?: string;
  /** What the functions may do beside writing logs. Not with `role`. */
  statements: Statement[];
  vpc?: { subnets: string[]; securityGroups: string[] };
  /** ARNs of layers' versions, in their order. */
  layers: string[];
  /** The app's own domain, and the ARN of its certificate in the same region. */
  domain?: { name: string; certificate: string };
  /** Where zips over 50 MB go. Default: a bucket of the stage, made when the first one is as large. */
  bucket?: string;
  /** Days that log lines stay, as CloudWatch has them. Default 30. */
  logRetention: number;
  /** Releases that can be gone back to, the live one included. Default 5. */
  keep: number;
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288];

const statement: z.ZodType<Statement> = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.union([z.string(), z.array(z.string())]),
  Condition: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))).optional(),
});

const schema: z.ZodType<AwsSettings> = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2,3}(-[a-z]+)+-\d$/, "a region such as eu-west-1")
      .optional(),
    profile: z.string().min(1).optional(),
    account: z
      .string()
      .regex(/^\d{12}$/, "an account is 12 digits, in quotes")
      .optional(),
    role: z
      .string()
      .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, "the ARN of a role")
      .optional(),
    permissionsBoundary: z
      .string()
      .regex(/^arn:[\w-]+:iam::(\d{12}|aws):policy\/\S+$/, "the ARN of a policy")
      .optional(),
    statements: z.array(statement).default([]),
    vpc: z
      .strictObject({
        subnets: z.array(z.string().regex(/^subnet-\w+$/)).min(1),
        securityGroups: z.array(z.string().regex(/^sg-\w+$/)).min(1),
      })
      .optional(),
    layers: z
      .array(z.string().regex(/^arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:[\w-]+:\d+$/, "the ARN of a layer's version"))
      .max(5)
      .default([]),
    domain: z
      .strictObject({
        name: z.string().regex(/^[a-z0-9.-]{1,253}$/, "a domain such as links.example.com"),
        certificate: z.string().regex(/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/\S+$/, "the ARN of a certificate"),
      })
      .optional(),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, "the name of a bucket")
      .optional(),
    logRetention: z
      .int()
      .refine((days) => RETENTIONS.includes(days), `one of ${RETENTIONS.join(", ")} days`)
      .default(30),
    keep: z.int().min(1).max(50).default(5),
  })
  .refine(({ role, statements }) => !role || statements.length === 0, {
    path: ["statements"],
    message: "give a role of your own, or statements for the one that is made",
  })
  .refine(({ role, permissionsBoundary }) => !role || !permissionsBoundary, {
    path: ["permissionsBoundary"],
    message: "it bounds the role that is made: one of your own has its own",
  });

/** Throws DEPLOY_CONFIG_INVALID. */
export function parseSettings(given: unknown): AwsSettings {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${["deploy.aws", ...path].join(".")}: ${message}`);
  throw configInvalid(lines, "docs/deploy/aws.md");
}
