// Grants: the signed permission to put one declared object at one staging key.

import { PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { type Static, Type } from 'typebox'

import { isStagingKey } from '../keys.ts'
import type { S3 } from './bucket.ts'
import { unavailable } from './call.ts'
import { earlier, sign } from './sign.ts'

/** What the client must send to use a grant; a form sends `fields` in order, then `file` last. */
export const GrantRequest = Type.Object(
  {
    method: Type.Enum(['POST', 'PUT']),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    fields: Type.Record(Type.String(), Type.String())
  },
  { title: 'GrantRequest', additionalProperties: false }
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
  assertStaging(facts)
  const { key, sizeBytes, seconds, contentType } = facts
  const fields = { 'Content-Type': contentType, ...checksumFields(s3, facts) }
  try {
    const { sendBy, ...form } = await s3.signForms(s3, { key, sizeBytes, seconds, fields })
    return { request: { method: 'POST', headers: {}, ...form }, sendBy }
  } catch (err) {
    throw unavailable(err)
  }
}

/**
 * Signs a PUT of exactly this: the length and the type as signed headers, no overwriting where the
 * store knows how, and the SHA-256 if the client declared one. Whoever sends must not add
 * `content-length`: the body has it (AWS, "Authenticating Requests: Using Query Parameters").
 * @throws when the key is not a staging key
 */
export async function presignPut(s3: S3, facts: GrantFacts): Promise<Grant> {
  assertStaging(facts)
  const { can } = s3.store
  const headers: Record<string, string> = { 'content-type': facts.contentType }
  if (can.has('if-none-match')) headers['if-none-match'] = '*'
  if (facts.sha256 && can.has('sha256')) headers['x-amz-checksum-sha256'] = base64(facts.sha256)
  const command = new PutObjectCommand({
    Bucket: s3.name,
    Key: facts.key,
    ContentLength: facts.sizeBytes,
    ContentType: headers['content-type'],
    IfNoneMatch: headers['if-none-match'],
    ChecksumSHA256: headers['x-amz-checksum-sha256']
  })
  return sign(s3, async (expiration) => {
    // Left to itself the SDK does not sign the type, and moves checksums into the query, where no
    // store compares them with anything.
    const url = await getSignedUrl(s3.signer, command, {
      expiresIn: facts.seconds,
      signableHeaders: new Set(['host', 'content-length', ...Object.keys(headers)]),
      unhoistableHeaders: new Set(Object.keys(headers))
    })
    const sendBy = earlier(new Date(Date.now() + facts.seconds * 1000), expiration)
    return { request: { method: 'PUT', url, headers, fields: {} }, sendBy }
  })
}

// `${filename}`, `..` and prefixes would let the holder choose where the bytes land.
function assertStaging({ key }: GrantFacts) {
  if (!isStagingKey(key)) throw new Error('a grant can only name a staging key')
}

function checksumFields({ store }: S3, { sha256 }: GrantFacts): Record<string, string> {
  if (!sha256 || !store.can.has('sha256')) return {}
  return {
    'x-amz-checksum-algorithm': 'SHA256',
    'x-amz-checksum-sha256': base64(sha256)
  }
}

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
