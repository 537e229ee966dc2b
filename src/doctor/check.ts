// What a check is, what it may find, and what it has to work with.

import type { Config } from '../config.ts'
import type { Database } from '../db/client.ts'
import { newId } from '../keys.ts'
import type { S3 } from '../s3/bucket.ts'
import type { Ability } from '../stores.ts'

/** `note` is a fact, or a check that could not be made; only `fail` fails. */
export type Outcome = 'pass' | 'fail' | 'warn' | 'note'

export interface Finding {
  outcome: Outcome
  detail: string
  /** What to do about it. */
  advice?: string
  /** An ability that this alone shows. */
  can?: Ability
}

export interface Check {
  name: string
  /** Checks that must have passed before. */
  needs?: string[]
  /** What the store has if all checks with it pass; nobody is to blame for lacking it unless STORE claims it. */
  ability?: Ability
  /** Whatever STORE claims, this must pass; what to do if it does not. */
  vital?: string
  run: (subject: Subject) => Promise<Finding>
}

/** The bucket and database that are looked at; a check's calls end with its `signal`. */
export interface Subject {
  config: Config
  s3: S3
  db: Database
  now: () => Date
  signal: AbortSignal
  /** Every key that may hold something of ours. */
  keys: Set<string>
}

export const pass = (detail: string): Finding => ({ outcome: 'pass', detail })
export const fail = (detail: string, advice?: string): Finding => ({
  outcome: 'fail',
  detail,
  advice
})
export const warn = (detail: string, advice: string): Finding => ({
  outcome: 'warn',
  detail,
  advice
})
export const note = (detail: string): Finding => ({ outcome: 'note', detail })

export type Prefix = 'staging/' | 'avatars/'

/** A key nobody else has; what lies there at the end is deleted. */
export function newKey({ keys }: Subject, prefix: Prefix) {
  const key = `${prefix}${newId()}`
  keys.add(key)
  return key
}

export const CLOSED = 'directo bucket setup, which blocks public access; and remove public policies'
export const OPEN = 'anybody can write to this bucket: do not use this store'

/** How old a grant is that must be refused: no store forgives so much skew. */
export const LONG_AGO_SECONDS = 3600
