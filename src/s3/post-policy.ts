// POST policies signed by ourselves: what createPresignedPost makes, at a seventh of its cost.

import type { S3 } from './bucket.ts'
import type { Credentials, HeldCredentials } from './credentials.ts'
import type { FindPlace, KnownPlace } from './place.ts'
import { earlier } from './sign.ts'

export interface PolicyFacts {
  key: string
  /** Exactly so many bytes. */
  sizeBytes: number
  /** Of the form, before the policy's own; each is a condition too. */
  fields: Record<string, string>
  seconds: number
}

/** What signs forms; each says until when it may be sent. */
export function formSigner(placeFor: FindPlace, credentialsFor: HeldCredentials) {
  return async function signForm(
    { name, deadlineMs }: Pick<S3, 'name' | 'deadlineMs'>,
    facts: PolicyFacts
  ) {
    const now = new Date()
    const wanted = { now, ms: facts.seconds * 1000, deadlineMs, marginMs: 0 }
    const found = credentialsFor(wanted)
    const credentials = found instanceof Promise ? await found : found
    const known = placeFor(name, deadlineMs)
    const place = known instanceof Promise ? await known : known
    const endsAt = new Date(now.getTime() + wanted.ms)
    const form = signPolicy(place, name, credentials, now, facts)
    return { ...form, sendBy: earlier(endsAt, credentials.expiration) }
  }
}

/**
 * Signs a policy, field for field as the official signer does (AWS, "Creating a POST policy"); a test
 * holds it to that.
 */
export function signPolicy(
  { origin, path, keyOf }: KnownPlace,
  bucket: string,
  credentials: Credentials,
  now: Date,
  { key, sizeBytes, seconds, ...facts }: PolicyFacts
) {
  const date = seconded(now).replace(/[-:]/g, '')
  const { hmac, scope } = keyOf(credentials, date.slice(0, 8))
  const fields: Record<string, string> = {
    ...facts.fields,
    bucket,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken })
  }
  const conditions: unknown[] = [['content-length-range', sizeBytes, sizeBytes]]
  for (const [name, value] of Object.entries(fields)) conditions.push({ [name]: value })
  conditions.push({ key })
  const expiration = seconded(new Date(now.getTime() + seconds * 1000))
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  fields.key = key
  fields.Policy = policy
  fields['X-Amz-Signature'] = hmac(policy)
  return { url: origin + (path || '/'), fields }
}

const seconded = (time: Date) => `${time.toISOString().slice(0, 19)}Z`
