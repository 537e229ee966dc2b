// Our handle on the bucket: the verbs, and the only code that calls S3.

import { HeadBucketCommand } from '@aws-sdk/client-s3'

import { type S3Verb, unwatched, type Watch } from '../calls.ts'
import type { Store, UploadMethod } from '../stores.ts'
import { call, unavailable } from './call.ts'
import { openClients, type S3Config } from './client.ts'
import { openCdn } from './cloudfront.ts'
import { deleteObjects } from './delete.ts'
import { type GrantFacts, presignPost, presignPut } from './grant.ts'
import { head } from './head.ts'
import { readLabel, writeLabel } from './label.ts'
import { credentialsEnd, lifeProblem } from './lifetime.ts'
import { list } from './list.ts'
import { type PromoteOptions, promote } from './promote.ts'
import { hash, readRange } from './read.ts'
import { openSigner, presignGet, type UrlFacts } from './signed-url.ts'
import type { Lifetime } from './window.ts'

export interface Bucket extends ReturnType<typeof verbs> {
  /** The same bucket, of which no call begins or goes on once the signal is aborted. */
  within: (signal: AbortSignal) => Bucket
  close: () => void
}

/**
 * Opens the configured bucket. Every verb ends within `deadlineMs`; a store that fails, refuses us
 * or stays silent makes it throw STORAGE_UNAVAILABLE. An absent object is null. `watch` sees each call.
 */
export function openBucket(config: S3Config, watch = unwatched): Bucket {
  const { close, ...clients } = openClients(config)
  const { bucket: name, deadlineMs, store, method } = config
  const cdn = config.cdn && openCdn(config.cdn)
  return bucketOf({ ...clients, name, deadlineMs, store, method, cdn }, watch, close)
}

const bucketOf = (s3: S3, watch: Watch, close: () => void): Bucket => ({
  ...verbs(s3, watch),
  within: (signal) => bucketOf({ ...s3, signal }, watch, close),
  close
})

function verbs(s3: S3, watch: Watch) {
  const watched = <Result>(verb: S3Verb, work: () => Promise<Result>) => watch('s3', verb, work)
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
    /** When the credentials in use end; null for those that never do, or do not say. */
    credentialsEnd: () => credentialsEnd(s3),
    head: (key: string) => watched('head', () => head(s3, key)),
    readRange: (key: string, first: number, last: number) =>
      watched('read', () => readRange(s3, key, first, last)),
    hash: (key: string, sizeBytes: number) => watched('hash', () => hash(s3, key, sizeBytes)),
    promote: (from: string, to: string, options: PromoteOptions) =>
      watched('copy', () => promote(s3, from, to, options)),
    list: (prefix: string, after: string) => watched('list', () => list(s3, prefix, after)),
    delete: (keys: string[]) => watched('delete', () => deleteObjects(s3, keys)),
    readLabel: () => watched('read_label', () => readLabel(s3)),
    writeLabel: (text: string) => watched('write_label', () => writeLabel(s3, text)),
    ping: () => watched('ping', () => ping(s3))
  }
}

/** What the verbs need. */
export interface S3 {
  sender: ReturnType<typeof openClients>['sender']
  plain: ReturnType<typeof openClients>['plain']
  repeater: ReturnType<typeof openClients>['repeater']
  signer: ReturnType<typeof openClients>['signer']
  signUrls: ReturnType<typeof openClients>['signUrls']
  signForms: ReturnType<typeof openClients>['signForms']
  replaceCredentials: ReturnType<typeof openClients>['replaceCredentials']
  name: string
  deadlineMs: number
  store: Store
  method: UploadMethod
  /** Signs URLs for the CDN before the bucket, where there is one. */
  cdn?: ReturnType<typeof openCdn>
  signal?: AbortSignal
}

async function ping(s3: S3) {
  const command = new HeadBucketCommand({ Bucket: s3.name })
  const found = await call(s3, (options) => s3.sender.send(command, options))
  if (!found) throw unavailable(new Error(`there is no bucket ${s3.name}`))
}
