// Buckets: made, found, listed, removed when empty.

import { type Answer, xmlAnswer } from './answer.ts'
import type { Signed } from './authenticate.ts'
import type { Call } from './call.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { receiveText } from './payload.ts'
import type { Bucket } from './store.ts'
import { childText, readXml } from './xml.ts'

const OWNER = { ID: 'sandbox', DisplayName: 'sandbox' }

export async function listBuckets({ store }: Deps): Promise<Answer> {
  const buckets = [...store.buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const listed = buckets.map(({ name, createdAtMs }) => ({
    Name: name,
    CreationDate: new Date(createdAtMs).toISOString()
  }))
  return xmlAnswer('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket: listed } })
}

export async function createBucket(deps: Deps, call: Call, signed: Signed): Promise<Answer> {
  const { store, region, now } = deps
  checkBucketName(call.bucket)
  await checkLocation(deps, call, signed)
  // only the oldest region forgives making a bucket twice
  if (store.buckets.has(call.bucket) && region !== 'us-east-1') {
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: call.bucket })
  }
  if (!store.buckets.has(call.bucket)) store.createBucket(call.bucket, now().getTime())
  return { status: 200, headers: { location: `/${call.bucket}` } }
}

async function checkLocation(deps: Deps, call: Call, signed: Signed) {
  const text = await receiveText(deps, call, signed)
  if (!text) return
  const document = readXml(text)
  if (document?.name !== 'CreateBucketConfiguration') throw new S3Error('MalformedXML')
  const location = childText(document, 'LocationConstraint') || deps.region
  if (location !== deps.region) throw new S3Error('IllegalLocationConstraintException')
}

/** @throws {S3Error} InvalidBucketName; such a name is safe as a folder's too */
export function checkBucketName(name: string) {
  const valid = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name) && !name.includes('..')
  if (!valid) throw new S3Error('InvalidBucketName', undefined, { BucketName: name })
}

export async function headBucket({ region }: Deps): Promise<Answer> {
  return { status: 200, headers: { 'x-amz-bucket-region': region } }
}

export async function deleteBucket({ store }: Deps, _call: Call, bucket: Bucket): Promise<Answer> {
  if (bucket.objects.size > 0) throw new S3Error('BucketNotEmpty')
  store.deleteBucket(bucket.name)
  return { status: 204 }
}

export async function getBucketLocation({ region }: Deps): Promise<Answer> {
  const location = region === 'us-east-1' ? '' : region
  return xmlAnswer('LocationConstraint', { '': location })
}

export async function getBucketVersioning(): Promise<Answer> {
  return xmlAnswer('VersioningConfiguration', {})
}
