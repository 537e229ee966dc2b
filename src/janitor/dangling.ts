// Dangling references: users whose avatar is gone from the bucket, whoever took it.

import { sql } from 'drizzle-orm'

import type { Deps } from '../deps.ts'
import { PAGE_KEYS, type Page } from '../s3/list.ts'

export interface Dangling extends Record<string, unknown> {
  userId: string
  key: string
}

/**
 * The users whose avatar should stand on this page of the listing, which begins after `after`, and
 * does not. Each is looked for once more: it may have been committed since, or replaced.
 */
export async function* danglingOn(deps: Deps, after: string, { objects, more }: Page) {
  const listed = new Set(objects.map(({ key }) => key))
  const upTo = more ? objects.at(-1)!.key : null
  for (let from = after; ; ) {
    const users = await referring(deps, from, upTo)
    for (const user of users) {
      if (!listed.has(user.key) && (await isDangling(deps, user))) yield user
    }
    if (users.length < PAGE_KEYS) return
    from = users.at(-1)!.key
  }
}

const referring = ({ db }: Deps, after: string, upTo: string | null) =>
  db.execute<Dangling>(sql`
    select id as "userId", avatar_key as key from users
    where avatar_key is not null and avatar_key collate "C" > ${after}
      and (${upTo}::text is null or avatar_key collate "C" <= ${upTo})
    order by avatar_key collate "C" limit ${PAGE_KEYS}`)

async function isDangling({ db, bucket }: Deps, { userId, key }: Dangling) {
  if (await bucket.head(key)) return false
  const [still] = await db.execute(
    sql`select from users where id = ${userId} and avatar_key = ${key}`
  )
  return still !== undefined
}
