// What S3 says of an object without its bytes.

import { HeadObjectCommand } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call } from './call.ts'
import { tryPlain } from './plain.ts'

export interface StoredObject {
  sizeBytes: number
  contentType: string
  contentEncoding: string | null
  etag: string
}

/** Null when the object is absent. */
export function head(s3: S3, key: string): Promise<StoredObject | null> {
  return call(s3, async (options) => {
    const answer = await tryPlain(s3, { method: 'HEAD', key, headers: {}, most: 0, ...options })
    if (answer?.status === 404) return null
    const { 'content-length': length, etag, ...headers } = answer?.headers ?? {}
    if (answer?.status === 200 && length && etag) {
      const contentType = headers['content-type'] ?? ''
      const contentEncoding = headers['content-encoding'] || null
      return { sizeBytes: Number(length), contentType, contentEncoding, etag }
    }
    return headBySdk(s3, key, options)
  })
}

async function headBySdk(s3: S3, Key: string, options: { abortSignal: AbortSignal }) {
  const command = new HeadObjectCommand({ Bucket: s3.name, Key })
  const found = await s3.repeater.send(command, options)
  const { ContentLength, ContentType = '', ContentEncoding, ETag } = found
  // A verdict is for good: an answer that says nothing is none.
  if (ContentLength === undefined || !ETag) throw new Error('HEAD says too little')
  return {
    sizeBytes: ContentLength,
    contentType: ContentType,
    contentEncoding: ContentEncoding || null,
    etag: ETag
  }
}
