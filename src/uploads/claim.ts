// Claim: make a confirm attempt known to Postgres before a byte exists at its key.

import { eq } from '../db/drizzle.ts'
import { objects } from '../db/schema.ts'
import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { newObjectKey } from '../keys.ts'
import { OPEN, STATE, type State } from './state.ts'

// Longer than all deadlines of one confirm together: whoever holds a lease this old is gone.
const LEASE_SECONDS = 600

export interface Claimed {
  id: string
  userId: string
  state: State
  /** Where this attempt, and no other, may copy to; only while the upload is open. */
  key: string
  purpose: string
  contentType: string
  sizeBytes: number
  sha256: string | null
  createdAt: Date
  expiresAt: Date
}

/**
 * One short statement: judges the upload by the database's clock and, if it is open, records a
 * fresh object key whose lease the janitor honours.
 * @throws {Problem} UPLOAD_NOT_FOUND, also for somebody else's
 */
export async function claim({ db }: Deps, userId: string, id: string): Promise<Claimed> {
  const key = newObjectKey()
  const [row] = await insert(db, id, userId, key, LEASE_SECONDS)
  if (!row) throw problem('UPLOAD_NOT_FOUND')
  return {
    id,
    userId,
    key,
    state: row.state,
    purpose: row.purpose,
    contentType: row.content_type,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at)
  }
}

const insert = statement<{
  state: State
  purpose: string
  content_type: string
  size_bytes: string
  sha256: string | null
  created_at: string
  expires_at: string
}>(
  'claim_upload',
  `
  with attempt as (
    insert into objects (key, user_id, upload_id, content_type, size_bytes, purge_after)
    select $3, user_id, id, content_type, size_bytes,
           now() + make_interval(secs => $4::double precision)
    from uploads where id = $1 and user_id = $2 and ${OPEN})
  select ${STATE} as state, purpose, content_type, size_bytes, sha256, created_at, expires_at
  from uploads where id = $1 and user_id = $2`
)

/** Takes back a claim under which nothing was copied, so that polling leaves no rows behind. */
export async function unclaim({ db }: Deps, key: string) {
  await db.delete(objects).where(eq(objects.key, key))
}
