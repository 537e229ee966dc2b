// What is attacked, and with what: a store with things in it, and grants for one file.

import type { S3Client } from '@aws-sdk/client-s3'

import type { Bucket } from '../../src/s3/bucket.ts'

/** The store under attack. */
export interface Target {
  endpoint: string
  client: S3Client
  /** The grant names this one. */
  bucket: string
  /** Also there, with the same owner. */
  otherBucket: string
  /** Directo's own handle on `bucket`, which grants by PUT. */
  directo: Bucket
}

export interface Refusal {
  /** 0 when the connection was cut before an answer. */
  status: number
  code: string
}

export interface Attack {
  threat: string
  name: string
  /** What the sandbox answers, or that it accepts without anything but the signed key existing. */
  expect: Refusal | 'harmless'
  /** Uses the grant as it is meant to be used; what it stores is there before the attack. */
  prepare?: (target: Target, key: string) => Promise<unknown>
  send: (target: Target, key: string) => Promise<Refusal>
  /** False when not even a store that believes everything has something to store. */
  storable: boolean
}

export const FILE = Buffer.from(
  '\x89PNG\r\n\x1a\n and so on, sixty-four bytes of something like a png',
  'latin1'
)
export const OTHER_FILE = Buffer.from(FILE.toReversed())
export const LIVE_KEY = 'avatars/live'
export const NEIGHBOUR_KEY = 'staging/of-somebody-else'

export const denied = { status: 403, code: 'AccessDenied' }
export const forged = { status: 403, code: 'SignatureDoesNotMatch' }
export const badCredential = { status: 400, code: 'AuthorizationQueryParametersError' }
