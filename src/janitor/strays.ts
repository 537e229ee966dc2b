// Strays: objects in the bucket that no row knows, or whose row says that they are gone.

import { sql } from '../db/drizzle.ts'
import type { Deps } from '../deps.ts'
import { isOurKey } from '../keys.ts'
import type { Page } from '../s3/list.ts'

/**
 * The strays of a page that are old enough. The row always comes before the bytes, so an object
 * without one is garbage however it came about: a grant used just before its end that landed after
 * the purge, a COPY that outlived its lease. The age is a second look, not what this rests on.
 */
export async function straysOf({ db, config }: Deps, page: Page): Promise<string[]> {
  const { strayGraceSeconds } = config.janitor
  const unknown = await unknownOf({ db }, page)
  const [clock] = await db.execute<{ limit: string }>(
    sql`select extract(epoch from now()) * 1000 - ${1000 * strayGraceSeconds}::float as limit`
  )
  const limitMs = Number(clock!.limit)
  return unknown.filter(({ storedAt }) => storedAt.getTime() < limitMs).map(({ key }) => key)
}

/** The objects of a page that no row knows, of any age. */
export async function unknownOf({ db }: Pick<Deps, 'db'>, { objects }: Page) {
  // A key that is not shaped like ours cannot be in any row, and Postgres cannot even hold some.
  const keys = objects.map(({ key }) => key).filter(isOurKey)
  const known = await db.execute<{ key: string }>(sql`
    select listed.key
    from json_array_elements_text(${JSON.stringify(keys)}::text::json) as listed(key),
      lateral (
        select from uploads
        where id = substr(listed.key, 9) and listed.key like 'staging/%' and purged_at is null
        union all
        select from objects where objects.key = listed.key and purged_at is null
        limit 1
      ) as row`)
  const names = new Set(known.map(({ key }) => key))
  return objects.filter(({ key }) => !names.has(key))
}
