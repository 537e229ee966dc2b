// Dangling references: users whose avatar is gone from the bucket, whoever took it.

import { sql } from '../db/drizzle.ts'
import type { Deps } from '../deps.ts'
import { PAGE_KEYS, type Page } from '../s3/list.ts'

const AT_ONCE = 10
/** Missing on one page: these are not a few lost pictures, but a lost bucket, or the wrong one. */
export const ALARM = 1000

export interface Dangling extends Record<string, unknown> {
  userId: string
  key: string
}

/**
 * The users whose avatar should stand on this page of the listing, which begins after `after`, and
 * does not. Each is looked for once more: it may have been committed since, or replaced.
 * Not all of them once there are too many. Null when the signal was aborted in the middle.
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
      if (dangling.length >= ALARM) return dangling
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
      ${upTo === null ? sql`` : sql`and avatar_key collate "C" <= ${upTo}`}
    order by avatar_key collate "C" limit ${PAGE_KEYS}`)

async function isDangling({ db, bucket }: Deps, { userId, key }: Dangling) {
  if (await bucket.head(key)) return false
  const [still] = await db.execute(
    sql`select from users where id = ${userId} and avatar_key = ${key}`
  )
  return still !== undefined
}
