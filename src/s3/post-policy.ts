// POST policies signed by ourselves: what createPresignedPost makes, at a tenth of its cost.

import { createHmac } from 'node:crypto'

import type { S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'

import type { S3 } from './bucket.ts'
import type { Credentials, HeldCredentials } from './credentials.ts'
import { earlier, inTime } from './sign.ts'
import { signingKeys } from './sigv4.ts'

/** Where a form goes, and the region that its signature names. */
export interface FormPlace {
  url: string
  bucket: string
  region: string
}

export interface PolicyFacts {
  key: string
  /** Exactly so many bytes. */
  sizeBytes: number
  /** Of the form, before the policy's own; each is a condition too. */
  fields: Record<string, string>
  seconds: number
}

/** Remembers, for one client, where the forms of a bucket go. */
export function rememberForms(client: S3Client, credentialsFor: HeldCredentials) {
  const signers = new Map<string, ReturnType<typeof preparePolicies>>()

  return async function signForm(
    { name, deadlineMs }: Pick<S3, 'name' | 'deadlineMs'>,
    facts: PolicyFacts
  ) {
    const now = new Date()
    const wanted = { now, ms: facts.seconds * 1000, deadlineMs, marginMs: 0 }
    const found = credentialsFor(wanted)
    const credentials = found instanceof Promise ? await found : found
    let sign = signers.get(name)
    if (!sign) {
      sign = preparePolicies(await inTime(formPlaceOf(client, name), deadlineMs))
      signers.set(name, sign)
    }
    const endsAt = new Date(now.getTime() + wanted.ms)
    return { ...sign(credentials, now, facts), sendBy: earlier(endsAt, credentials.expiration) }
  }
}

/** Instead of knowing the rules of addresses, we look at what the SDK makes of them, once. */
export async function formPlaceOf(client: S3Client, bucket: string): Promise<FormPlace> {
  const { url, fields } = await createPresignedPost(client, { Bucket: bucket, Key: '-' })
  // key id/date/region/service/aws4_request, and stores let key ids have slashes
  const [region] = fields['X-Amz-Credential']!.split('/').slice(-3)
  return { url, bucket, region: region! }
}

/**
 * Prepares what signs policies, field for field as the official signer does (AWS, "Creating a POST
 * policy"); a test holds them to that.
 */
export function preparePolicies({ url, bucket, region }: FormPlace) {
  const keyOf = signingKeys(region)

  return (
    credentials: Credentials,
    now: Date,
    { key, sizeBytes, seconds, ...facts }: PolicyFacts
  ) => {
    const date = seconded(now).replace(/[-:]/g, '')
    const { signingKey, scope } = keyOf(credentials, date.slice(0, 8))
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
    fields['X-Amz-Signature'] = createHmac('sha256', signingKey).update(policy).digest('hex')
    return { url, fields }
  }
}

const seconded = (time: Date) => `${time.toISOString().slice(0, 19)}Z`
