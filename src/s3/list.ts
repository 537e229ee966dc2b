// Listing a part of the bucket, a page at a time, from any key on.

import { ListObjectsV2Command } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call, unavailable } from './call.ts'

export const PAGE_KEYS = 1000 // as many as one ListObjectsV2 gives and one DeleteObjects takes

export interface Page {
  objects: { key: string; storedAt: Date }[]
  /** Whether more keys follow. */
  more: boolean
}

/** The next keys with `prefix` that come after `after`, in the order of their UTF-8 bytes. */
export async function list(s3: S3, prefix: string, after: string): Promise<Page> {
  const command = new ListObjectsV2Command({
    Bucket: s3.name,
    Prefix: prefix,
    // A key, not a store's own token: it still means the same after a restart or a week.
    StartAfter: after || undefined,
    MaxKeys: PAGE_KEYS,
    EncodingType: 'url' // XML cannot hold every character a key can
  })
  const page = await call(s3, (options) => s3.sender.send(command, options))
  if (!page || page.IsTruncated === undefined) throw unavailable(new Error('LIST says too little'))
  const isEncoded = page.EncodingType === 'url'
  const objects = (page.Contents ?? []).map(({ Key, LastModified }) => {
    if (!Key || !LastModified) throw unavailable(new Error('LIST names no key or no time'))
    return { key: isEncoded ? decode(Key) : Key, storedAt: LastModified }
  })
  // One that ignores where to start would send us round in circles.
  if (objects.some(({ key }) => !key.startsWith(prefix) || !isAfter(key, after))) {
    throw unavailable(new Error('LIST gave keys that were not asked for'))
  }
  return { objects, more: page.IsTruncated && objects.length > 0 }
}

const decode = (key: string) => decodeURIComponent(key.replaceAll('+', ' '))

const isAfter = (key: string, after: string) =>
  Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0
