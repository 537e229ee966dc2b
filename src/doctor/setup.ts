// Setting up a bucket: it is there, browsers may send to it, nobody else may, and staging/ expires.

import { setTimeout as sleep } from 'node:timers/promises'

import {
  CreateBucketCommand,
  HeadBucketCommand,
  NotFound,
  type S3Client,
  S3ServiceException
} from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'
import { openClients } from '../s3/client.ts'
import { isUnknownCall, sentence } from './errors.ts'
import { oneLine } from './report.ts'
import { type Call, NoCall, type Step, stepsOf } from './setup-steps.ts'
import { vendorForm } from './vendor-forms.ts'

const WAIT_MS = 30_000 // a composition starts its S3 server and this at the same time

export interface SetUpOptions {
  /** Whether to make the bucket if it is not there. */
  create?: boolean
  /** Only says what would be sent. */
  dryRun?: boolean
  /** How long to wait for a store that does not answer yet. */
  waitMs?: number
}

/**
 * Applies what Directo needs of the configured bucket; doing it again changes nothing. Where the bucket
 * is there, a step that fails, or that the store has no call for, does not stop the others.
 * @param say gets what was done, step by step
 * @returns whether every step was done that the store knows
 */
export async function setUpBucket(
  config: Config,
  say: (line: string) => void,
  { create = false, dryRun = false, waitMs = WAIT_MS }: SetUpOptions = {}
) {
  const { s3 } = config
  const { sender: client, close } = openClients(s3)
  // A body that comes a byte at a time would hold up a composition for ever.
  const sender = Object.create(client, {
    send: {
      value: (command: never) =>
        client.send(command, { abortSignal: AbortSignal.timeout(s3.deadlineMs) })
    }
  }) as S3Client
  const bucket: Step = {
    what: `bucket ${s3.bucket}`,
    vital: true,
    plan: () => planBucket(sender, s3.bucket, create, waitMs)
  }
  try {
    if (!(await attempt(bucket, dryRun, say, null))) return false
    const done = []
    for (const step of stepsOf(sender, config)) {
      done.push(await attempt(step, dryRun, say, vendorForm(step.form, config)))
    }
    return done.every(Boolean)
  } finally {
    close()
  }
}

async function attempt(
  { what, vital, plan, isKept }: Step,
  dryRun: boolean,
  say: (line: string) => void,
  form: string | null
) {
  if (form) {
    say(`– ${what}: not by S3's call here. What does it:\n${form}`)
    return true
  }
  try {
    const call = await plan()
    if (call && dryRun) say(`would send ${call.verb} ${JSON.stringify(call.input, null, 2)}`)
    else {
      await call?.send()
      const kept = !call || !isKept || (await isKept())
      say(kept ? `✔ ${what}` : `– ${what}: this store takes the call and ignores it`)
    }
    return true
  } catch (err) {
    const isUnknown = !vital && hasNoCall(err)
    say(
      isUnknown
        ? `– ${what}: this store has no call for it`
        : oneLine(`✘ ${what}: ${sentence(err)}`)
    )
    return isUnknown
  }
}

const hasNoCall = (err: unknown) => err instanceof NoCall || isUnknownCall(err)

async function planBucket(
  sender: S3Client,
  Bucket: string,
  create: boolean,
  waitMs: number
): Promise<Call | null> {
  for (const end = Date.now() + waitMs; ; await sleep(500)) {
    try {
      await sender.send(new HeadBucketCommand({ Bucket }))
      return null
    } catch (err) {
      if (err instanceof NotFound) break
      const starting =
        !(err instanceof S3ServiceException) || (err.$metadata.httpStatusCode ?? 0) >= 500
      if (!starting || Date.now() > end) throw err
    }
  }
  if (!create) throw new Error('it is not there; "directo bucket setup --create" makes it')
  const send = () => sender.send(new CreateBucketCommand({ Bucket }))
  return { verb: 'CreateBucket', input: { Bucket }, send }
}
