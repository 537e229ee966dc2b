// Forget: remove rows that have told all they had to tell, so that tables do not grow with history.

import { sql } from 'drizzle-orm'

import type { Deps } from '../deps.ts'
import { BATCH } from './purge.ts'

/**
 * Removes uploads and objects whose bytes went longer ago than the retention, and then users who
 * were erased as long ago.
 * @returns how many rows went
 */
export async function forget(deps: Deps, signal?: AbortSignal): Promise<number> {
  let forgotten = 0
  for (const forgetSome of [forgetUploads, forgetObjects, forgetUsers]) {
    for (let count = BATCH; count === BATCH && !signal?.aborted; forgotten += count) {
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

// Creates of these users wait for the lock and then make the row anew. The delete is a statement of
// its own: it sees what was created before the lock was ours.
const forgetUsers = ({ db, config }: Deps) =>
  db.transaction(async (tx) => {
    const users = await tx.execute<{ id: string }>(sql`
      select id from users where erased_at < ${cutoff(config)} and avatar_key is null
        and not exists (${unpurged})
      order by erased_at limit ${BATCH}`)
    if (users.length === 0) return 0
    const ids = sql.join(
      users.map(({ id }) => sql`${id}`),
      sql`, `
    )
    await tx.execute(sql`
      select pg_advisory_xact_lock(hashtextextended('directo:uploads:' || id, 0))
      from users where id in (${ids}) order by id`)
    await tx.execute(sql`
      delete from users where id in (${ids}) and avatar_key is null and not exists (${unpurged})`)
    return users.length
  })

const unpurged = sql`
  select from uploads where user_id = users.id and purged_at is null
  union all select from objects where user_id = users.id and purged_at is null`

const cutoff = ({ janitor }: Deps['config']) =>
  sql`now() - make_interval(days => ${janitor.retentionDays})`

const count = async (rows: PromiseLike<unknown[]>) => (await rows).length
