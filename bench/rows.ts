// The database of the bench: users who have an avatar, and objects that are due.

import type { Sql } from 'postgres'

const READERS = 1000

/** The name of the nth reader, from 1. */
export const readerId = (n: number) => `reader-${n}`

/** Users whose avatars are live and stay; answers their ids. */
export async function insertReaders(sql: Sql): Promise<string[]> {
  await insertAvatars(sql, READERS)
  return Array.from({ length: READERS }, (_, i) => readerId(i + 1))
}

/** So many readers, each with an avatar at the key that the bucket's `fill` would choose. */
export async function insertAvatars(sql: Sql, count: number) {
  await sql`
    insert into objects
      (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at, purge_after)
    select 'avatars/' || md5('reader' || i), 'reader-' || i, md5('upload' || i), 'image/png', 1,
      1, 1, now(), null
    from generate_series(1, ${count}::int) i`
  await sql`
    insert into users (id, avatar_key)
    select 'reader-' || i, 'avatars/' || md5('reader' || i) from generate_series(1, ${count}::int) i`
}

/** Replaced objects that have been due for a second to an hour, at the keys `fill` chooses. */
export async function insertDue(sql: Sql, salt: string, count: number) {
  await sql`
    insert into objects
      (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at,
       discarded_at, purge_after)
    select 'avatars/' || md5(${salt}::text || i), 'user-' || i % 100000, md5('upload' || i), 'image/png',
      1, 1, 1, now() - interval '1 day', now() - interval '2 hours',
      now() - interval '1 second' * (1 + i % 3600)
    from generate_series(1, ${count}::int) i`
  await sql`analyze objects` // as autovacuum does within a minute
}

export async function countDue(sql: Sql): Promise<number> {
  const [{ due }] = await sql<[{ due: number }]>`
    select count(*)::int as due from objects where purged_at is null and not live`
  return due
}
