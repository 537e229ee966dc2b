// Grants: the signed permission to put one declared object at one staging key.

import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { type Static, Type } from 'typebox'

import { isStagingKey } from '../keys.ts'
import type { S3 } from './bucket.ts'
import { earlier, sign } from './sign.ts'

/** What the client must send to use a grant; a form sends `fields` in order, then `file` last. */
export const GrantRequest = Type.Object(
  {
    method: Type.Enum(['POST', 'PUT']),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    fields: Type.Record(Type.String(), Type.String())
  },
  { additionalProperties: false }
)
export type GrantRequest = Static<typeof GrantRequest>

export interface Grant {
  request: GrantRequest
  /** When S3 stops accepting it: at its own end or, if earlier, that of the credentials. */
  sendBy: Date
}

export interface GrantFacts {
  key: string
  contentType: string
  sizeBytes: number
  /** In hex, when the client declared one. */
  sha256: string | null
  seconds: number
}

/**
 * Signs a POST policy with nothing left open: this key, this content type, exactly this size.
 * Every field the form may hold is one of its conditions, so S3 refuses any other
 * (AWS, "Creating a POST policy").
 * @throws when the key is not a staging key: no other may ever be granted
 */
export async function presignPost(s3: S3, facts: GrantFacts): Promise<Grant> {
  // `${filename}`, `..` and prefixes would let the holder choose where the bytes land.
  if (!isStagingKey(facts.key)) throw new Error('a grant can only name a staging key')
  return sign(s3, async (expiration) => {
    const { url, fields } = await createPresignedPost(s3.signer, {
      Bucket: s3.name,
      Key: facts.key,
      Expires: facts.seconds,
      Conditions: [['content-length-range', facts.sizeBytes, facts.sizeBytes]],
      Fields: { 'Content-Type': facts.contentType, ...checksumFields(facts.sha256) }
    })
    const sendBy = earlier(new Date(Date.now() + facts.seconds * 1000), expiration)
    return { request: { method: 'POST', url, headers: {}, fields }, sendBy }
  })
}

function checksumFields(sha256: string | null): Record<string, string> {
  if (!sha256) return {}
  return {
    'x-amz-checksum-algorithm': 'SHA256',
    'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64')
  }
}
