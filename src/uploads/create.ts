// Create an upload: record what was declared, then grant exactly that.

import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { newId, stagingKey } from '../keys.ts'
import { assertAllowed, type Declared } from './purposes.ts'

/**
 * Records an open upload for a user and signs its grant. `sendBy` is when the grant stops working,
 * `expiresAt` when bytes that were sent in time can no longer be confirmed.
 * @throws {Problem} CONTENT_TYPE_NOT_ALLOWED, SIZE_NOT_ALLOWED, TOO_MANY_OPEN_UPLOADS,
 *   STORAGE_UNAVAILABLE without credentials, USER_ERASED
 */
export async function createUpload(deps: Deps, owner: Owner, declared: Declared) {
  assertAllowed(deps.config, declared)
  const { contentType, sizeBytes, sha256 = null } = declared
  const id = newId()
  // Signed first: what cannot be granted must not count among the open uploads.
  const { request, sendBy } = await deps.bucket.grant({
    key: stagingKey(id),
    contentType,
    sizeBytes,
    sha256,
    seconds: deps.config.grantSeconds
  })
  const expiresAt = await record(deps, id, owner, declared)
  return { id, state: 'open' as const, sendBy, expiresAt, request }
}

/** Whose upload it will be. */
export interface Owner {
  id: string
  /** When their token was issued, in seconds since 1970; null when it does not say. */
  issuedAt: number | null
}

async function record({ config, db }: Deps, id: string, owner: Owner, declared: Declared) {
  const userId = owner.id
  const life = config.grantSeconds + config.confirmSeconds
  const { purpose, contentType, sizeBytes, sha256 = null } = declared
  const [upload] = await insert(
    db,
    ...[id, userId, purpose, contentType, sizeBytes, sha256, life],
    ...[config.openUploadsPerUser, owner.issuedAt]
  )
  if (upload) return new Date(upload.expires_at)
  const [user] = await erased(db, userId, owner.issuedAt)
  throw problem(user?.erased ? 'USER_ERASED' : 'TOO_MANY_OPEN_UPLOADS')
}

const insert = statement<{ expires_at: string }>(`
  with created as (
    insert into uploads (id, user_id, purpose, content_type, size_bytes, sha256, expires_at, purge_after)
    select $1, $2, $3, $4, $5::bigint, $6, ends, ends
    from (select now() + make_interval(secs => $7::double precision) as ends) as life
    -- in this order: the count takes the lock by which creates and an erasure take turns
    where case when count_open_uploads($2) < $8::bigint
      then not was_erased($2, to_timestamp($9::double precision)) else false end
    returning user_id, expires_at
  ), account as (insert into users (id) select user_id from created on conflict do nothing)
  select expires_at from created`)

const erased = statement<{ erased: boolean }>(
  'select was_erased($1, to_timestamp($2::double precision)) as erased'
)
