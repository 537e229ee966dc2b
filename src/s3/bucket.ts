// Our handle on the bucket: the verbs, and the only code that calls S3.

import { CopyObjectCommand, HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3'

import type { Store, UploadMethod } from '../stores.ts'
import { call, isChanged, unavailable } from './call.ts'
import { openClients, type S3Config } from './client.ts'
import { openCdn } from './cloudfront.ts'
import { deleteObjects } from './delete.ts'
import { type GrantFacts, presignPost, presignPut } from './grant.ts'
import { readLabel, writeLabel } from './label.ts'
import { lifeProblem } from './lifetime.ts'
import { list } from './list.ts'
import { hash, readRange } from './read.ts'
import { openSigner, presignGet, type UrlFacts } from './signed-url.ts'
import { DISPOSITION } from './sigv4.ts'
import type { Lifetime } from './window.ts'

export interface Bucket extends ReturnType<typeof verbs> {
  /** The same bucket, of which no call begins or goes on once the signal is aborted. */
  within: (signal: AbortSignal) => Bucket
  close: () => void
}

/** What S3 says of an object without its bytes. */
export interface StoredObject {
  sizeBytes: number
  contentType: string
  contentEncoding: string | null
  etag: string
}

/**
 * Opens the configured bucket. Every verb ends within `deadlineMs`; a store that fails, refuses us
 * or stays silent makes it throw STORAGE_UNAVAILABLE. An absent object is null.
 */
export function openBucket(config: S3Config): Bucket {
  const { close, ...clients } = openClients(config)
  const { bucket: name, deadlineMs, store, method } = config
  const cdn = config.cdn && openCdn(config.cdn)
  return bucketOf({ ...clients, name, deadlineMs, store, method, cdn }, close)
}

const bucketOf = (s3: S3, close: () => void): Bucket => ({
  ...verbs(s3),
  within: (signal) => bucketOf({ ...s3, signal }, close),
  close
})

function verbs(s3: S3) {
  return {
    /** By the method that is configured. */
    grant: (facts: GrantFacts) => (s3.method === 'PUT' ? presignPut : presignPost)(s3, facts),
    presignPost: (facts: GrantFacts) => presignPost(s3, facts),
    presignPut: (facts: GrantFacts) => presignPut(s3, facts),
    presignGet: (facts: UrlFacts) => presignGet(s3, facts),
    /** For many URLs at once: waits once, then each is signed without waiting. */
    openSigner: (lifetime: Lifetime) => openSigner(s3, lifetime),
    /** What keeps signed URLs from living so long, as a sentence, or null. */
    lifeProblem: (lifetime: Lifetime) => lifeProblem(s3, lifetime),
    head: (key: string) => head(s3, key),
    readRange: (key: string, first: number, last: number) => readRange(s3, key, first, last),
    hash: (key: string, sizeBytes: number) => hash(s3, key, sizeBytes),
    promote: (from: string, to: string, options: PromoteOptions) => promote(s3, from, to, options),
    list: (prefix: string, after: string) => list(s3, prefix, after),
    delete: (keys: string[]) => deleteObjects(s3, keys),
    readLabel: () => readLabel(s3),
    writeLabel: (text: string) => writeLabel(s3, text),
    ping: () => ping(s3)
  }
}

/** What the verbs need. */
export interface S3 {
  sender: ReturnType<typeof openClients>['sender']
  copier: ReturnType<typeof openClients>['copier']
  signer: ReturnType<typeof openClients>['signer']
  signUrls: ReturnType<typeof openClients>['signUrls']
  signForms: ReturnType<typeof openClients>['signForms']
  name: string
  deadlineMs: number
  store: Store
  method: UploadMethod
  /** Signs URLs for the CDN before the bucket, where there is one. */
  cdn?: ReturnType<typeof openCdn>
  signal?: AbortSignal
}

async function head(s3: S3, Key: string): Promise<StoredObject | null> {
  const command = new HeadObjectCommand({ Bucket: s3.name, Key })
  const found = await call(s3, (options) => s3.sender.send(command, options))
  if (!found) return null
  const { ContentLength, ContentType = '', ContentEncoding, ETag } = found
  // A verdict is for good: an answer that says nothing is none.
  if (ContentLength === undefined || !ETag) throw unavailable(new Error('HEAD says too little'))
  return {
    sizeBytes: ContentLength,
    contentType: ContentType,
    contentEncoding: ContentEncoding || null,
    etag: ETag
  }
}

interface PromoteOptions {
  contentType: string
  /** Of the source as it was looked at; a store that knows the condition copies nothing else. */
  etag: string
}

/**
 * Copies, once, to a key nobody else can write. Never call it twice for one key: see `copier`.
 * @returns false when the source is absent or no longer the one that was looked at
 */
async function promote(s3: S3, from: string, to: string, { contentType, etag }: PromoteOptions) {
  const command = new CopyObjectCommand({
    Bucket: s3.name,
    Key: to,
    CopySource: `${s3.name}/${from}`,
    // Some stores refuse what they do not know; what was copied is verified in any case.
    CopySourceIfMatch: s3.store.can.has('copy-if-match') ? etag : undefined,
    // Ordinary headers may be added to a presigned PUT by whoever holds it: none must survive.
    MetadataDirective: 'REPLACE',
    ContentType: contentType,
    ContentDisposition: DISPOSITION,
    CacheControl: 'private, max-age=31536000, immutable'
  })
  const copied = await call(s3, async (options) => {
    try {
      return await s3.copier.send(command, options)
    } catch (err) {
      if (isChanged(err)) return null
      throw err
    }
  })
  // CopyObject may answer 200 with nothing in it; only an ETag says that there is a copy.
  if (copied && !copied.CopyObjectResult?.ETag) throw unavailable(new Error('COPY gave no ETag'))
  return copied !== null
}

async function ping(s3: S3) {
  const command = new HeadBucketCommand({ Bucket: s3.name })
  const found = await call(s3, (options) => s3.sender.send(command, options))
  if (!found) throw unavailable(new Error(`there is no bucket ${s3.name}`))
}
