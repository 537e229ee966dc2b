// Dangling references: users whose avatar is gone from the bucket, whoever took it.

import { sql } from 'drizzle-orm'

import type { Deps } from '../deps.ts'
import { PAGE_KEYS, type Page } from '../s3/list.ts'

const AT_ONCE = 10
const MOST = 1000 // missing on one page: this is not a few lost pictures, but the wrong bucket

export interface Dangling extends Record<string, unknown> {
  userId: string
  key: string
}

/**
 * The users whose avatar should stand on this page of the listing, which begins after `after`, and
 * does not. Each is looked for once more: it may have been committed since, or replaced.
 * Null when the signal was aborted before they were all looked for.
 * @throws when too many are missing
 */
export async function danglingOn(deps: Deps, after: string, page: Page, signal?: AbortSignal) {
  const listed = new Set(page.objects.map(({ key }) => key))
  const upTo = page.more ? comparable(page.objects.at(-1)!.key) : null
  const dangling: Dangling[] = []
  let users: Dangling[]
  for (let from = comparable(after); ; from = users.at(-1)!.key) {
    users = await referring(deps, from, upTo)
    const missing = users.filter(({ key }) => !listed.has(key))
    for (let at = 0; at < missing.length; at += AT_ONCE) {
      if (signal?.aborted) return null
      const some = missing.slice(at, at + AT_ONCE)
      const gone = await Promise.all(some.map((user) => isDangling(deps, user)))
      dangling.push(...some.filter((_, index) => gone[index]))
      if (dangling.length >= MOST) throw new Error(`${MOST} avatars in a row are not in the bucket`)
    }
    if (users.length < PAGE_KEYS) return dangling
  }
}

// Postgres has no NUL. No key of ours lies between one that is cut off there and the whole of it.
const comparable = (key: string) => key.split('\0')[0]!

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
