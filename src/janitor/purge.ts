// Purge: delete the bytes that are due, then say so on their rows.

import { setTimeout as sleep } from 'node:timers/promises'

import { type SQL, sql } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { objects, uploads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

export const BATCH = 1000 // as many keys as one DeleteObjects takes
const ENOUGH = 20 * BATCH // in one call, so that a large backlog shows its progress

/** How many keys are deleted at once, and how long to rest then, by the time that took. */
export interface Pace {
  keys: number
  rest: number
}

/** For a process that does nothing else. */
export const fast: Pace = { keys: BATCH, rest: 0 }
/** For one that serves: building and reading a batch of a thousand holds up every request for 20 ms. */
export const gentle: Pace = { keys: 200, rest: 1 }

export interface Purged {
  /** Rows that nobody had discarded before: overdue uploads, abandoned attempts. */
  discarded: number
  purged: number
  /** Keys that S3 would not delete; they are tried again later. */
  failed: number
  /** Whether more was due when the call ended. */
  more: boolean
  /** Why S3 left keys alone, as far as it said. */
  refused: Record<string, number>
  /** S3 deleted nothing of the last batch; the call ended there. */
  error?: unknown
}

/**
 * Deletes what is due of one kind, batch by batch, until nothing is, or enough for one call, or S3
 * fails. Any number of processes may do this at once. No connection is held while S3 works.
 */
export async function purge(deps: Deps, kind: Kind, options: PurgeOptions = {}): Promise<Purged> {
  const { pace = fast, signal } = options
  const purged: Purged = { discarded: 0, purged: 0, failed: 0, more: true, refused: {} }
  let since = '-infinity'
  let inVain = 0
  for (let keys = 0; keys < ENOUGH && purged.more && !signal?.aborted; keys += pace.keys) {
    const beganAt = performance.now()
    const claimed = await claim(deps, kind, pace.keys, since)
    since = claimed.at(-1)?.due ?? since
    purged.discarded += claimed.filter(({ abandoned }) => abandoned).length
    const deleted = await deleteAll(deps, claimed.map(keyOf), purged)
    await settle(deps, kind, deleted)
    inVain = deleted.length > 0 ? 0 : inVain + claimed.length
    if (inVain >= BATCH) purged.error ??= new Error('S3 deleted nothing of a whole batch')
    purged.purged += deleted.length
    purged.failed += claimed.length - deleted.length
    purged.more = claimed.length === pace.keys && !purged.error
    const tookMs = performance.now() - beganAt
    if (purged.more) await sleep(tookMs * pace.rest, undefined, { signal }).catch(() => {})
  }
  return purged
}

export interface PurgeOptions {
  pace?: Pace
  signal?: AbortSignal
}

async function deleteAll({ bucket }: Deps, keys: string[], purged: Purged) {
  if (keys.length === 0) return []
  try {
    const { deleted, refused } = await bucket.delete(keys)
    for (const [code, count] of Object.entries(refused)) {
      purged.refused[code] = (purged.refused[code] ?? 0) + count
    }
    return deleted
  } catch (err) {
    purged.error = err
    return []
  }
}

/** What there is to purge: the staging objects of uploads, or the objects of confirm attempts. */
export type Kind = typeof staging | typeof avatars

export const staging = {
  table: uploads,
  id: uploads.id,
  key: sql`'staging/' || uploads.id`,
  // Rejected and aborted ones wait as well: until it ends, the grant can bring the bytes back.
  isDue: sql`true`,
  isAbandoned: sql`confirmed_at is null and discarded_at is null`
}

export const avatars = {
  table: objects,
  id: objects.key,
  key: sql`objects.key`,
  isDue: sql`not live`, // whatever its row says: what a user's row can point at stays
  isAbandoned: sql`discarded_at is null`
}

// Discarded before a byte is deleted: from then on Postgres refuses every reference to it. Put off
// by the backoff in the same statement: others leave it alone meanwhile, and if we die or S3 refuses,
// it is simply due again. Beginning where the last batch ended: the index keeps what that one left
// behind for as long as anybody's snapshot, such as a backup's, is older.
function claim(
  { db }: Deps,
  { table, id, key, isDue, isAbandoned }: Kind,
  keys: number,
  since: string
) {
  return db.transaction(async (tx) => {
    // Postgres takes a backlog for shorter than it is, and would read and sort all of it for each batch.
    await tx.execute(sql`set local enable_sort = off`)
    return tx.execute<Claimed>(sql`
      with due as (
        select ${id} as id, ${isAbandoned} as abandoned, purge_after as due from ${table}
        where purged_at is null and purge_after between ${since}::timestamptz and now() and ${isDue}
        order by purge_after limit ${keys} for update skip locked
      )
      update ${table} set
        discarded_at = case when due.abandoned then now() else discarded_at end,
        purge_attempts = purge_attempts + 1,
        purge_after = now() + ${backoff}
      from due where ${id} = due.id
      returning ${key} as key, due.abandoned, due.due::text as due`)
  })
}

interface Claimed extends Record<string, unknown> {
  key: string
  abandoned: boolean
  due: string
}

const keyOf = ({ key }: Claimed) => key

// Two minutes, four … an hour, of which a random half may be missing; a batch has 55 s by default.
export const backoff: SQL = sql`make_interval(secs => 120 * 2 ^ least(purge_attempts, 5) * (1 - random() / 2))`

/** Says on their rows that these keys are gone from the bucket. */
export async function settle({ db }: Deps, { table, id }: Kind, keys: string[]) {
  if (keys.length === 0) return
  const ids = table === uploads ? keys.map((key) => key.slice('staging/'.length)) : keys
  // An erasure may hold some of these rows and wait for others.
  await retryConflicts(() =>
    db
      .update(table)
      .set({ purgedAt: sql`now()` })
      .where(sql`${id} in (select json_array_elements_text(${JSON.stringify(ids)}::text::json))`)
  )
}
