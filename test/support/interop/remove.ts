// Takes a bucket away again, with all that is in it: the store may be one that is paid for.

import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  type S3Client
} from '@aws-sdk/client-s3'

/** For a bucket of some few objects that keeps no versions. */
export async function removeBucket(client: S3Client, Bucket: string) {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }))
  await client.send(new DeleteBucketCommand({ Bucket }))
}
