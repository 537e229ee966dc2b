// Signed GET URLs, the same on every instance for as long as one window of time lasts.

import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import type { S3 } from './bucket.ts'
import { earlier, sign } from './sign.ts'

export interface UrlFacts {
  key: string
  contentType: string
  /** How long the URL lives, counted from the start of its window. */
  seconds: number
  now: Date
}

export interface SignedUrl {
  url: string
  /** When it really stops working: at its own end or, if earlier, that of the credentials. */
  expiresAt: Date
}

/**
 * Signs as of the start of the current window, for two windows: every instance hands out the same
 * URL, caches can keep it, and at least half of its life is always left.
 */
export async function presignGet(s3: S3, facts: UrlFacts): Promise<SignedUrl> {
  const windowMs = Math.floor(facts.seconds / 2) * 1000
  const signingDate = new Date(Math.floor(facts.now.getTime() / windowMs) * windowMs)
  const command = new GetObjectCommand({
    Bucket: s3.name,
    Key: facts.key,
    // Pinned in the signature: whatever the object claims to be, it is served as a picture.
    ResponseContentType: facts.contentType,
    ResponseContentDisposition: 'inline; filename="avatar"'
  })
  return sign(s3, async (expiration) => {
    const url = await getSignedUrl(s3.signer, command, { signingDate, expiresIn: facts.seconds })
    const ends = new Date(signingDate.getTime() + facts.seconds * 1000)
    return { url, expiresAt: earlier(ends, expiration) }
  })
}
