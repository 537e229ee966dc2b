// Carries out a verb: who may ask, which bucket it is about, and the function for it.

import type { Answer } from './answer.ts'
import { authenticate, type Signed } from './authenticate.ts'
import { cors, encryption, lifecycle, publicAccess } from './bucket-settings.ts'
import * as buckets from './buckets.ts'
import type { Call } from './call.ts'
import { copyObject } from './copy.ts'
import { preflight } from './cors.ts'
import { deleteObject, deleteObjects } from './delete.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { getObject } from './get-object.ts'
import { listObjects } from './list.ts'
import { postObject } from './post-object.ts'
import { putObject } from './put-object.ts'
import type { Bucket } from './store.ts'

type OnBucket = (deps: Deps, call: Call, bucket: Bucket, signed: Signed) => Promise<Answer>

const onBuckets = {
  HeadBucket: buckets.headBucket,
  DeleteBucket: buckets.deleteBucket,
  GetBucketLocation: buckets.getBucketLocation,
  GetBucketVersioning: buckets.getBucketVersioning,
  ListObjectsV2: listObjects,
  GetBucketCors: cors.get,
  PutBucketCors: cors.put,
  DeleteBucketCors: cors.remove,
  GetBucketLifecycle: lifecycle.get,
  PutBucketLifecycle: lifecycle.put,
  DeleteBucketLifecycle: lifecycle.remove,
  GetPublicAccessBlock: publicAccess.get,
  PutPublicAccessBlock: publicAccess.put,
  DeletePublicAccessBlock: publicAccess.remove,
  GetBucketEncryption: encryption.get,
  PutBucketEncryption: encryption.put,
  DeleteBucketEncryption: encryption.remove,
  DeleteObjects: deleteObjects,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject
} satisfies Record<string, OnBucket>

/** @throws {S3Error} whatever S3 refuses */
export async function perform(deps: Deps, call: Call): Promise<Answer> {
  if (call.verb === 'Preflight') return preflight(deps, call)
  if (call.verb === 'PostObject') return postObject(deps, call, findBucket(deps, call))
  const signed = await authenticate(deps, call)
  if (call.verb === 'NotImplemented') throw new S3Error('NotImplemented')
  if (call.verb === 'ListBuckets') return buckets.listBuckets(deps)
  if (call.verb === 'CreateBucket') return buckets.createBucket(deps, call, signed)
  const handler: OnBucket = onBuckets[call.verb]
  return handler(deps, call, findBucket(deps, call), signed)
}

function findBucket({ store }: Deps, { bucket }: Call): Bucket {
  const found = store.buckets.get(bucket)
  if (found) return found
  throw new S3Error('NoSuchBucket', undefined, { BucketName: bucket })
}
