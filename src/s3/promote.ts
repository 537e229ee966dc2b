// Promoting: a copy to a key nobody else can write.

import type { S3 } from './bucket.ts'
import { call } from './call.ts'
import { codeOf, MOST_XML } from './plain.ts'
import { DISPOSITION } from './sigv4.ts'

export interface PromoteOptions {
  contentType: string
  /** Of the source as it was looked at; a store that knows the condition copies nothing else. */
  etag: string
}

/**
 * Copies once, and never again whatever comes of it: a COPY that seems lost may still be running, and
 * repeated to the same key the first could land after the second was verified, with whatever the grant
 * has put into staging by then. So do not call it twice for one key.
 * @returns false when the source is absent or no longer the one that was looked at
 */
export async function promote(s3: S3, from: string, to: string, options: PromoteOptions) {
  const copied = await call(s3, ({ abortSignal }) => copy(s3, from, to, options, abortSignal))
  return copied !== null
}

async function copy(
  s3: S3,
  from: string,
  to: string,
  { contentType, etag }: PromoteOptions,
  abortSignal: AbortSignal
) {
  const headers = {
    'x-amz-copy-source': `${s3.name}/${from}`,
    // Some stores refuse what they do not know; what was copied is verified in any case.
    ...(s3.store.can.has('copy-if-match') && { 'x-amz-copy-source-if-match': etag }),
    // Ordinary headers may be added to a presigned PUT by whoever holds it: none must survive.
    'x-amz-metadata-directive': 'REPLACE',
    'content-type': contentType,
    'content-disposition': DISPOSITION,
    'cache-control': 'private, max-age=31536000, immutable'
  }
  const asked = { method: 'PUT' as const, key: to, headers, most: MOST_XML, abortSignal }
  const answer = await s3.plain.send(s3, asked)
  const { status } = answer
  const code = codeOf(answer)
  if (status === 412 || code === 'PreconditionFailed' || code === 'NoSuchKey') return null
  // COPY may answer 200 and tell of an error in its body; only an ETag says that there is a copy.
  if (status === 200 && !code && /<ETag[^>]*>[^<]+<\/ETag>/.test(`${answer.body}`)) return true
  // Without S3's own message, which may quote the request and its signature.
  const facts = { httpStatusCode: status, requestId: answer.headers['x-amz-request-id'] }
  throw Object.assign(new Error('COPY failed'), { name: code ?? 'Unknown', ...facts })
}
