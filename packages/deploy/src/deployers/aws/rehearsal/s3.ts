/**
 * S3's buckets and objects, as far as code is put there.
 * @module
 */

import { type Need, type Operations, type Params, Refused, text } from "./cloud.ts";
import { blobOf } from "./lambda.ts";

const onBucket =
  (action: string) =>
  (_context: unknown, { Bucket }: Params): Need[] => [
    { action: `s3:${action}`, resource: `arn:aws:s3:::${text(Bucket)}` },
  ];
const onObject =
  (action: string) =>
  (_context: unknown, { Bucket, Key }: Params): Need[] => [
    { action: `s3:${action}`, resource: `arn:aws:s3:::${text(Bucket)}/${text(Key)}` },
  ];
const noBucket = () => new Refused("NoSuchBucket", "The specified bucket does not exist", 404);

export const s3Operations: Operations = {
  CreateBucket: {
    needs: onBucket("CreateBucket"),
    run({ cloud }, { Bucket }) {
      const name = text(Bucket);
      if (cloud.buckets[name]) {
        throw new Refused(
          "BucketAlreadyOwnedByYou",
          "Your previous request to create the named bucket succeeded.",
          409,
        );
      }
      cloud.buckets[name] = [];
      return { location: `/${name}` };
    },
  },
  HeadBucket: {
    needs: onBucket("ListBucket"),
    run({ cloud, region }, { Bucket }) {
      if (!cloud.buckets[text(Bucket)]) throw noBucket();
      return { "x-amz-bucket-region": region };
    },
  },
  ListObjectsV2: {
    needs: onBucket("ListBucket"),
    run({ cloud }, { Bucket }) {
      const keys = cloud.buckets[text(Bucket)];
      if (!keys) throw noBucket();
      return {
        xml: `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("")}</ListBucketResult>`,
      };
    },
  },
  PutObject: {
    needs: onObject("PutObject"),
    async run({ cloud, state }, { Bucket, Key, Body }) {
      const keys = cloud.buckets[text(Bucket)];
      if (!keys) throw noBucket();
      await state.putBlob(blobOf(text(Bucket), text(Key)), Body as Buffer); // the bytes of the call, as rest.ts gives them
      cloud.buckets[text(Bucket)] = [...new Set([...keys, text(Key)])];
      return { etag: `"${blobOf(text(Bucket), text(Key)).slice(0, 32)}"` };
    },
  },
  DeleteObject: {
    status: 204,
    needs: onObject("DeleteObject"),
    run({ cloud }, { Bucket, Key }) {
      cloud.buckets[text(Bucket)] = (cloud.buckets[text(Bucket)] ?? []).filter((key) => key !== Key);
    },
  },
  DeleteBucket: {
    status: 204,
    needs: onBucket("DeleteBucket"),
    run({ cloud }, { Bucket }) {
      if (!cloud.buckets[text(Bucket)]) throw noBucket();
      delete cloud.buckets[text(Bucket)];
    },
  },
};
