// Strays: objects in the bucket that no row knows, or whose row says that they are gone.

import { sql } from 'drizzle-orm'

import type { Deps } from '../deps.ts'
import type { Page } from '../s3/list.ts'

/**
 * The strays of a page that are old enough. The row always comes before the bytes, so an object
 * without one is garbage however it came about: a grant used just before its end that landed after
 * the purge, a COPY that outlived its lease. The age is a second look, not what this rests on.
 */
export async function straysOf({ db, config }: Deps, { objects }: Page): Promise<string[]> {
  if (objects.length === 0) return []
  const strays = await db.execute<{ key: string }>(sql`
    select listed.key
    from json_to_recordset(${JSON.stringify(objects)}::text::json)
      as listed(key text, "storedAt" timestamptz)
    where "storedAt" < now() - make_interval(secs => ${config.janitor.strayGraceSeconds})
      and not exists (select from uploads
        where id = substr(listed.key, 9) and listed.key like 'staging/%' and purged_at is null)
      and not exists (select from objects
        where objects.key = listed.key and purged_at is null)`)
  return strays.map(({ key }) => key)
}
