// A way to the objects that asks for no signature, for tests to look and to meddle.

import { buffer } from 'node:stream/consumers'

import { checkBucketName } from './buckets.ts'
import type { Deps } from './deps.ts'
import { startDigests } from './digests.ts'
import type { Bucket, ObjectFacts } from './store.ts'

export interface PutOptions {
  contentType?: string
  /** Further headers to keep: cache-control, x-amz-meta-… */
  headers?: Record<string, string>
  lastModified?: Date
  /** Instead of the MD5 in hex: two contents of the same MD5 cannot be told apart by it. */
  etag?: string
}

export type Door = ReturnType<typeof doorOf>

export function doorOf({ store, now }: Deps) {
  function bucketOf(name: string): Bucket {
    const bucket = store.buckets.get(name)
    if (bucket) return bucket
    throw new Error(`no bucket ${name}`)
  }

  return {
    createBucket(name: string) {
      checkBucketName(name)
      if (!store.buckets.has(name)) store.createBucket(name, now().getTime())
    },

    async put(bucket: string, key: string, body: string | Uint8Array, options: PutOptions = {}) {
      const { contentType = 'binary/octet-stream', lastModified = now(), headers } = options
      const bytes = Buffer.from(body as string)
      const draft = await bucketOf(bucket).draft()
      await draft.write(bytes)
      const digests = startDigests(['md5'])
      digests.update(bytes)
      const md5 = digests.digest('md5').toString('hex')
      const facts: ObjectFacts = {
        key,
        sizeBytes: bytes.length,
        etag: options.etag ?? md5,
        lastModifiedMs: lastModified.getTime(),
        headers: { 'content-type': contentType, ...headers },
        checksums: {}
      }
      draft.commit(facts)
      return facts
    },

    /** The object with its `body`, or null. */
    async get(bucket: string, key: string): Promise<(ObjectFacts & { body: Buffer }) | null> {
      const object = bucketOf(bucket).objects.get(key)
      if (!object) return null
      const { read, ...facts } = object
      return { ...facts, body: await buffer(read()) }
    },

    /** The keys, in S3's order. */
    list(bucket: string, prefix = ''): string[] {
      return [...bucketOf(bucket).objects.after('', prefix)].map(({ key }) => key)
    },

    delete(bucket: string, key: string) {
      bucketOf(bucket).remove(key)
    }
  }
}
