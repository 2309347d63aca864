/**
 * The zip of a function, as Lambda takes it: in the call itself, or from a bucket where it is large.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { artefactChanged } from "../../engine/errors.ts";
import type { FunctionValue } from "./functions.ts";
import type { Stage } from "./stage.ts";

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 50 MB of a direct upload. */
export const DIRECT: number = 50 * 1_048_576;

export type Code = { ZipFile: Uint8Array } | { S3Bucket: string; S3Key: string };

/** Throws DEPLOY_ARTEFACT_CHANGED unless the file is the one that the plan was made of. */
export async function readCode(stage: Stage, value: FunctionValue, bucket: string | undefined): Promise<Code> {
  const root = stage.input.artefact?.root ?? "";
  const ZipFile = await readFile(join(root, value.zip)).catch(() => undefined);
  if (!ZipFile || createHash("sha256").update(ZipFile).digest("base64") !== value.code) {
    throw artefactChanged(value.zip);
  }
  if (value.bytes <= DIRECT || bucket === undefined) return { ZipFile };
  // The key has the contents' hash: what is there already is the same.
  const Key = `${stage.names.base}/${Buffer.from(value.code, "base64").toString("hex")}.zip`;
  await stage.call("s3", "PutObject", (s3, options) => s3.putObject({ Bucket: bucket, Key, Body: ZipFile }, options));
  return { S3Bucket: bucket, S3Key: Key };
}
