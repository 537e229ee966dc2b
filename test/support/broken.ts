// The service as it must not be: every function here breaks one rule of it on purpose.

import type { Sql, TransactionSql } from 'postgres'

import type { Deps } from '../../src/deps.ts'
import { newObjectKey, stagingKey } from '../../src/keys.ts'
import { confirmUpload } from '../../src/uploads/confirm.ts'

interface Attempt {
  user: string
  upload: string
  key: string
}

/** Claims and copies as a confirm does, to any key, and verifies nothing. */
export async function copied(sql: Sql, { bucket }: Deps, upload: string, key = newObjectKey()) {
  const [{ user_id: user }] = (await sql`
    insert into objects (key, user_id, upload_id, content_type, size_bytes, purge_after)
    select ${key}, user_id, id, content_type, size_bytes, now() + interval '10 minutes'
    from uploads where id = ${upload}
    on conflict (key) do update set purge_after = excluded.purge_after
    returning user_id`) as [{ user_id: string }]
  const staged = await bucket.head(stagingKey(upload))
  const options = { contentType: 'image/png', etag: staged!.etag }
  if (key !== stagingKey(upload)) await bucket.promote(stagingKey(upload), key, options)
  return { user, upload, key }
}

/** Takes the user's row last: whoever read the old avatar at the same time discards the same one. */
export function commitUserLast(sql: Sql, { user, upload, key }: Attempt, hasRead = async () => {}) {
  return sql.begin(async (tx) => {
    const [row] = await tx`select avatar_key from users where id = ${user}`
    await hasRead()
    await tx`update uploads set confirmed_at = now(), object_key = ${key} where id = ${upload}`
    await tx`
      update objects set verified_at = now(), purge_after = null, width = 8, height = 8
      where key = ${key}`
    await tx`update users set avatar_key = ${key} where id = ${user}`
    await discard(tx, row!.avatar_key)
  })
}

async function discard(sql: Sql | TransactionSql, key: string | null) {
  await sql`update objects set discarded_at = now(), purge_after = now() where key = ${key}`
}

/** Takes an error at COMMIT for a proof that nothing was committed, and tidies up. */
export async function confirmAndTidyUp(sql: Sql, deps: Deps, user: string, upload: string) {
  try {
    await confirmUpload(deps, user, upload)
  } catch {
    const keys = await sql`select key from objects where upload_id = ${upload}`
    await deps.bucket.delete(keys.map(({ key }) => key))
  }
}

/** Deletes what is old enough, referenced or not. */
export async function purgeByAge({ bucket }: Deps) {
  const { objects } = await bucket.list('avatars/', '')
  await bucket.delete(objects.map(({ key }) => key))
}

/** Deletes the bytes first and then discards: a confirm may commit in between. */
export async function purgeBeforeDiscarding(sql: Sql, { bucket }: Deps) {
  const attempts = await sql`select key from objects where not live and purged_at is null`
  await bucket.delete(attempts.map(({ key }) => key))
}

/** Does not wait for the signed URLs of what was replaced or removed. */
export async function purgeAtOnce(sql: Sql, { bucket }: Deps) {
  const objects = await sql`
    update objects set purged_at = now() where discarded_at is not null and purged_at is null
    returning key`
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
}

/** Says that everything is gone, and deletes nothing. */
export async function purgeOnPaper(sql: Sql) {
  await sql`update uploads set purged_at = now() where confirmed_at is not null`
  await sql`update objects set purged_at = now() where discarded_at is not null`
}

/** Forgets the uploads that are still on their way, and the bytes. */
export async function eraseAvatarOnly(sql: Sql, user: string) {
  const [row] = await sql`select avatar_key from users where id = ${user}`
  await sql`update users set avatar_key = null, erased_at = now() where id = ${user}`
  await discard(sql, row?.avatar_key ?? null)
}

/** Asks S3 while a transaction is open. */
export function askInTransaction(sql: Sql, { bucket }: Deps, asked: () => Promise<unknown>) {
  return sql.begin(async (tx) => {
    await tx`select id from users for update`
    await Promise.all([bucket.head('staging/any'), asked()])
  })
}
