// Setting up a bucket: it exists, browsers may send to it, and what is left in staging/ goes.

import { setTimeout as sleep } from 'node:timers/promises'

import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  NotFound,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
  S3ServiceException
} from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'
import { openClients } from '../s3/client.ts'

const WAIT_MS = 30_000 // a composition starts its S3 server and this at the same time

/**
 * Applies what Directo needs of the configured bucket; doing it again changes nothing. A store that
 * has no call for a step does not stop the others.
 * @param say gets one line per step
 * @param waitMs how long to wait for a store that does not answer yet
 * @returns whether every step was done that the store knows
 */
export async function setUpBucket(
  { s3, corsOrigins }: Config,
  say: (line: string) => void,
  waitMs = WAIT_MS
) {
  const { sender, close } = openClients(s3)
  const steps: [string, () => Promise<unknown>][] = [
    [`bucket ${s3.bucket}`, () => createBucket(sender, s3.bucket, waitMs)],
    [`CORS for ${corsOrigins.join(', ') || 'no origin'}`, () => allow(sender, s3, corsOrigins)],
    ['staging/ expires after a day', () => expireStaging(sender, s3.bucket)]
  ]
  try {
    const done = []
    for (const [what, step] of steps) done.push(await attempt(what, step, say))
    return done.every(Boolean)
  } finally {
    close()
  }
}

async function attempt(what: string, step: () => Promise<unknown>, say: (line: string) => void) {
  try {
    await step()
    say(`✔ ${what}`)
    return true
  } catch (err) {
    const missing = (err as Error).name === 'NotImplemented'
    say(
      missing ? `– ${what}: this store has no call for it` : `✘ ${what}: ${(err as Error).message}`
    )
    return missing
  }
}

async function createBucket(sender: S3Client, Bucket: string, waitMs: number) {
  for (const end = Date.now() + waitMs; ; await sleep(500)) {
    try {
      return await sender.send(new HeadBucketCommand({ Bucket }))
    } catch (err) {
      if (err instanceof NotFound) return sender.send(new CreateBucketCommand({ Bucket }))
      const starting =
        !(err instanceof S3ServiceException) || (err.$metadata.httpStatusCode ?? 0) >= 500
      if (!starting || Date.now() > end) throw err
    }
  }
}

const ID = 'directo' // of our rules: others are somebody else's and stay

async function allow(sender: S3Client, { bucket: Bucket }: Config['s3'], origins: string[]) {
  if (origins.length === 0) return
  const { CORSRules = [] } = await orNothing(sender.send(new GetBucketCorsCommand({ Bucket })))
  const rule = {
    ID,
    AllowedOrigins: origins,
    AllowedMethods: ['GET', 'HEAD', 'POST', 'PUT'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3600
  }
  const CORSConfiguration = { CORSRules: [...others(CORSRules), rule] }
  await sender.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
}

// The backstop below the janitor: a grant used at its last moment can land after every sweep.
async function expireStaging(sender: S3Client, Bucket: string) {
  const reading = sender.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  const { Rules = [] } = await orNothing(reading)
  const rule = {
    ID,
    Status: 'Enabled' as const,
    Filter: { Prefix: 'staging/' },
    Expiration: { Days: 1 }
  }
  const LifecycleConfiguration = { Rules: [...others(Rules), rule] }
  await sender.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
}

const others = <Rule extends { ID?: string }>(rules: Rule[]) =>
  rules.filter((rule) => rule.ID !== ID)

async function orNothing<Answer extends object>(
  reading: Promise<Answer>
): Promise<Partial<Answer>> {
  try {
    return await reading
  } catch (err) {
    if (/^(NoSuch(CORS|Lifecycle)Configuration|NotFound)$/.test((err as Error).name)) return {}
    throw err
  }
}
