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
 *   STORAGE_UNAVAILABLE without credentials, USER_ERASED, DATABASE_UNAVAILABLE when the clocks disagree
 */
export async function createUpload(deps: Deps, owner: Owner, declared: Declared) {
  assertAllowed(deps.config, declared)
  const { contentType, sizeBytes, sha256 = null } = declared
  const id = newId()
  const signedAt = Date.now() / 1000 // by the clock that signs grants
  // Signed first: what cannot be granted must not count among the open uploads.
  const { request, sendBy } = await deps.bucket.grant({
    key: stagingKey(id),
    contentType,
    sizeBytes,
    sha256,
    seconds: deps.config.grantSeconds
  })
  const expiresAt = await record(deps, { id, signedAt }, owner, declared)
  deps.metrics?.uploads.created.add()
  return { id, state: 'open' as const, sendBy, expiresAt, request }
}

/** Whose upload it will be. */
export interface Owner {
  id: string
  /** When their token was issued, in seconds since 1970; null when it does not say. */
  issuedAt: number | null
}

interface Granted {
  id: string
  /** In seconds since 1970, by the clock of this process. */
  signedAt: number
}

async function record(
  { config, db }: Deps,
  { id, signedAt }: Granted,
  { id: userId, issuedAt }: Owner,
  { purpose, contentType, sizeBytes, sha256 }: Declared
) {
  const life = config.grantSeconds + config.confirmSeconds
  const [upload] = await insert(
    db,
    ...[id, userId, purpose, contentType, sizeBytes, sha256 ?? null, life],
    ...[config.openUploadsPerUser, issuedAt, signedAt, MOST_SKEW_SECONDS]
  )
  if (upload) return new Date(upload.expires_at)
  const [refusal] = await refused(db, userId, issuedAt, signedAt)
  const { erased, skew } = refusal!
  if (Math.abs(skew) > MOST_SKEW_SECONDS) {
    throw problem('DATABASE_UNAVAILABLE', 'The clocks of this process and of Postgres disagree.')
  }
  throw problem(erased ? 'USER_ERASED' : 'TOO_MANY_OPEN_UPLOADS')
}

// A grant is signed by our clock: further ahead, it would outlive its upload by more than we purge for;
// further behind, S3 would refuse it. An instance that is off by half of this is not ready.
const MOST_SKEW_SECONDS = 60

const insert = statement<{ expires_at: string }>(
  'create_upload',
  `
  with created as (
    insert into uploads (id, user_id, purpose, content_type, size_bytes, sha256, expires_at, purge_after)
    select $1, $2, $3, $4, $5::bigint, $6, ends, ends
    from (select now() + make_interval(secs => $7::double precision) as ends) as life
    -- in this order: the count takes the lock by which creates and an erasure take turns
    where case when abs($10::double precision - extract(epoch from now())) > $11::double precision
      then false when count_open_uploads($2) < $8::bigint
      then not was_erased($2, to_timestamp($9::double precision)) else false end
    returning user_id, expires_at
  ), account as (insert into users (id) select user_id from created on conflict do nothing)
  select expires_at from created`
)

const refused = statement<{ erased: boolean; skew: number }>(
  'refuse_upload',
  `
  select was_erased($1, to_timestamp($2::double precision)) as erased,
    ($3::double precision - extract(epoch from now())::double precision) as skew`
)
