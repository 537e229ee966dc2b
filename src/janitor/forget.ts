// Forget: remove rows that have told all they had to tell, so that tables do not grow with history.

import { sql } from '../db/drizzle.ts'
import type { Deps } from '../deps.ts'
import { BATCH } from './purge.ts'

const USERS = 100 // at once: each takes a lock, of which Postgres has some thousands

/**
 * Removes uploads and objects whose bytes went longer ago than the retention, and the tombstones of
 * users whose old tokens must have ended by now.
 * @returns how many rows went
 */
export async function forget(deps: Deps, signal?: AbortSignal): Promise<number> {
  let forgotten = 0
  for (const [forgetSome, most] of steps) {
    for (let count: number = most; count === most && !signal?.aborted; forgotten += count) {
      count = await forgetSome(deps)
    }
  }
  return forgotten
}

const forgetUploads = ({ db, config }: Deps) =>
  count(
    db.execute(sql`delete from uploads where id in (
      select id from uploads where purged_at < ${cutoff(config)}
      order by purged_at limit ${BATCH} for update skip locked) returning 1`)
  )

const forgetObjects = ({ db, config }: Deps) =>
  count(
    db.execute(sql`delete from objects where key in (
      select key from objects where purged_at < ${cutoff(config)}
      order by purged_at limit ${BATCH} for update skip locked) returning 1`)
  )

// Creates of these users wait for the lock, as another erasure does, and then make the row anew. What
// is decided by comes after the lock: it sees what came before it.
const forgetUsers = ({ db, config }: Deps) =>
  db.transaction(async (tx) => {
    const isOver = sql`erased_at < now() - make_interval(days => ${config.janitor.tombstoneDays})`
    const over = await tx.execute<{ id: string }>(sql`
      select id from users where ${isOver} order by erased_at limit ${USERS}`)
    if (over.length === 0) return 0
    const ids = sql.join(
      over.map(({ id }) => sql`${id}`),
      sql`, `
    )
    await tx.execute(sql`
      select pg_advisory_xact_lock(hashtextextended('directo:uploads:' || id, 0))
      from users where id in (${ids}) order by id`)
    await tx.execute(sql`
      delete from users where id in (${ids}) and ${isOver} and avatar_key is null
        and not exists (select from uploads where user_id = users.id and purged_at is null)
        and not exists (select from objects where user_id = users.id and purged_at is null)`)
    // Who came back stays; that they were erased once is over.
    await tx.execute(sql`update users set erased_at = null where id in (${ids}) and ${isOver}`)
    return over.length
  })

const cutoff = ({ janitor }: Deps['config']) =>
  sql`now() - make_interval(days => ${janitor.retentionDays})`

const count = async (rows: PromiseLike<unknown[]>) => (await rows).length

const steps = [
  [forgetUploads, BATCH],
  [forgetObjects, BATCH],
  [forgetUsers, USERS]
] as const
