// Our handle on the bucket: the verbs, and the only code that calls S3.

import { CopyObjectCommand, HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3'

import { call, unavailable } from './call.ts'
import { openClients, type S3Config } from './client.ts'
import { type GrantFacts, presignPost } from './grant.ts'
import { hash, readRange } from './read.ts'
import { presignGet, type UrlFacts } from './signed-url.ts'

export type Bucket = ReturnType<typeof openBucket>

/** What S3 says of an object without its bytes. */
export interface StoredObject {
  sizeBytes: number
  contentType: string
  contentEncoding: string | null
}

/**
 * Opens the configured bucket. Every verb ends within `deadlineMs`; a store that fails, refuses us
 * or stays silent makes it throw STORAGE_UNAVAILABLE. An absent object is null.
 */
export function openBucket(config: S3Config) {
  const { sender, signer, close } = openClients(config)
  const s3: S3 = { sender, signer, name: config.bucket, deadlineMs: config.deadlineMs }
  return {
    close,
    presignPost: (facts: GrantFacts) => presignPost(s3, facts),
    presignGet: (facts: UrlFacts) => presignGet(s3, facts),
    head: (key: string) => head(s3, key),
    readRange: (key: string, first: number, last: number) => readRange(s3, key, first, last),
    hash: (key: string) => hash(s3, key),
    promote: (from: string, to: string, options: PromoteOptions) => promote(s3, from, to, options),
    ping: () => ping(s3)
  }
}

/** What the verbs need. */
export interface S3 {
  sender: ReturnType<typeof openClients>['sender']
  signer: ReturnType<typeof openClients>['signer']
  name: string
  deadlineMs: number
}

async function head(s3: S3, Key: string): Promise<StoredObject | null> {
  const command = new HeadObjectCommand({ Bucket: s3.name, Key })
  const found = await call(s3.deadlineMs, (options) => s3.sender.send(command, options))
  return (
    found && {
      sizeBytes: found.ContentLength ?? 0,
      contentType: found.ContentType ?? '',
      contentEncoding: found.ContentEncoding || null
    }
  )
}

interface PromoteOptions {
  contentType: string
  /** Ask the store to compute a SHA-256 of the copy. */
  sha256: boolean
}

/** Copies to a key nobody else can write; answers the store's SHA-256 in hex, if it has one. */
async function promote(s3: S3, from: string, to: string, options: PromoteOptions) {
  const command = new CopyObjectCommand({
    Bucket: s3.name,
    Key: to,
    CopySource: `${s3.name}/${from}`,
    // Ordinary headers may be added to a presigned PUT by whoever holds it: none must survive.
    MetadataDirective: 'REPLACE',
    ContentType: options.contentType,
    ContentDisposition: 'inline; filename="avatar"',
    CacheControl: 'private, max-age=31536000, immutable',
    ...(options.sha256 && { ChecksumAlgorithm: 'SHA256' as const })
  })
  const copied = await call(s3.deadlineMs, (options) => s3.sender.send(command, options))
  if (!copied) return null
  // CopyObject may answer 200 with nothing in it; only an ETag says that there is a copy.
  if (!copied.CopyObjectResult?.ETag) throw unavailable(new Error('CopyObject gave no ETag'))
  return { sha256: hex(copied.CopyObjectResult.ChecksumSHA256) }
}

const hex = (base64?: string) => (base64 ? Buffer.from(base64, 'base64').toString('hex') : null)

async function ping(s3: S3) {
  const command = new HeadBucketCommand({ Bucket: s3.name })
  const found = await call(s3.deadlineMs, (options) => s3.sender.send(command, options))
  if (!found) throw unavailable(new Error(`there is no bucket ${s3.name}`))
}
