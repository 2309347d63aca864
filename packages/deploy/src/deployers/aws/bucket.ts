/**
 * A bucket for zips that are too large for Lambda's own call. Only apps that have one need it.
 * @module
 */
import type { BucketLocationConstraint } from "@aws-sdk/client-s3";
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { DIRECT } from "./code.ts";
import { ignore } from "./functions.ts";
import type { Stage } from "./stage.ts";

interface LiveBucket {
  name: string;
}

export function bucketKind(stage: Stage): AnyKind {
  const { call, names, settings, input } = stage;
  const ownName = async (): Promise<string> => {
    const { id, region } = await stage.account();
    return names.bucket(id, region);
  };
  return defineKind<string | null, LiveBucket>({
    name: "bucket",
    phase: "prepare",
    async list() {
      const { artefact } = input;
      const isLarge = artefact?.manifest.functions.some(({ zip }) => (zip?.bytes ?? 0) > DIRECT);
      if (settings.bucket) return new Map([["code", { name: settings.bucket }]]);
      // A look costs a client that most apps do not need: so where it is used, or where all of the stage goes.
      if (artefact && !isLarge) return new Map();
      const Bucket = await ownName();
      try {
        const found = await call("s3", "HeadBucket", (s3, o) => s3.headBucket({ Bucket }, o), {
          expect: ["NotFound", "NoSuchBucket"],
        }).catch(ignore("NotFound", "NoSuchBucket"));
        return new Map(found ? [["code", { name: Bucket }]] : []);
      } catch (error) {
        if (!artefact && error instanceof GodwitError && error.code === "AWS_CLIENT_MISSING") return new Map();
        throw error;
      }
    },
    diff: () => [],
    async create() {
      const Bucket = await ownName();
      const { region } = await stage.account();
      const place = region as BucketLocationConstraint; // the type lists the regions of the day that the client was made
      const where = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: place } };
      const expect = ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"];
      await call("s3", "CreateBucket", (s3, o) => s3.createBucket({ Bucket, ...where }, o), { expect }).catch(
        (error: unknown) => {
          if (ignore(...expect)(error) === undefined && String((error as Error).message).includes("not available")) {
            throw nameTaken(`The bucket ${Bucket} is somebody else's.`, "Name one of yours: `deploy.aws.bucket`.");
          }
        },
      );
      return { name: Bucket };
    },
    update: async (_spec, live) => live,
    async remove(_name, { name: Bucket }) {
      if (settings.bucket) return;
      for (;;) {
        const { Contents = [] } = await call("s3", "ListObjectsV2", (s3, o) => s3.listObjectsV2({ Bucket }, o));
        if (Contents.length === 0) break;
        for (const { Key } of Contents)
          await call("s3", "DeleteObject", (s3, o) => s3.deleteObject({ Bucket, Key }, o));
      }
      await call("s3", "DeleteBucket", (s3, o) => s3.deleteBucket({ Bucket }, o), { expect: ["NoSuchBucket"] }).catch(
        ignore("NoSuchBucket"),
      );
    },
  });
}
