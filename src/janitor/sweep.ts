// One pass of the janitor: discard what nobody finished, purge what is due, forget what is long over.

import type { Deps } from '../deps.ts'
import { forget } from './forget.ts'
import { avatars, type PurgeOptions, purge, staging } from './purge.ts'

export interface Swept {
  /** Uploads that were still open when their time was up. */
  discarded: number
  /** Confirm attempts whose lease ran out. */
  abandoned: number
  /** Keys deleted from the bucket. */
  purged: number
  /** Keys that S3 would not delete; each is tried again with growing pauses. */
  failed: number
  /** Rows removed because they were over longer than the retention. */
  forgotten: number
  /** Why S3 left keys alone, as far as it said: its codes, with the number of keys. */
  refused: Record<string, number>
  /** Whether more was due when the pass ended. */
  more: boolean
  /** What went wrong; the other steps were done all the same. */
  errors: unknown[]
}

/**
 * Safe at any time, in any number of processes. After the signal is aborted no further batch is
 * begun; every call it makes has a deadline.
 */
export async function sweep(deps: Deps, options: PurgeOptions = {}): Promise<Swept> {
  const errors: unknown[] = []
  const attempt = <Result>(step: Promise<Result>) =>
    step.catch((err) => {
      errors.push(err)
      return null
    })
  const staged = await attempt(purge(deps, staging, options))
  const copied = await attempt(purge(deps, avatars, options))
  const forgotten = await attempt(forget(deps, options.signal))
  for (const error of [staged?.error, copied?.error]) if (error) errors.push(error)
  return {
    discarded: staged?.discarded ?? 0,
    abandoned: copied?.discarded ?? 0,
    purged: (staged?.purged ?? 0) + (copied?.purged ?? 0),
    failed: (staged?.failed ?? 0) + (copied?.failed ?? 0),
    forgotten: forgotten ?? 0,
    refused: sum(staged?.refused, copied?.refused),
    more: Boolean(staged?.more || copied?.more),
    errors
  }
}

function sum(...parts: (Record<string, number> | undefined)[]) {
  const total: Record<string, number> = {}
  for (const [code, count] of parts.flatMap((part) => Object.entries(part ?? {}))) {
    total[code] = (total[code] ?? 0) + count
  }
  return total
}
