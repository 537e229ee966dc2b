// Claim: make a confirm attempt known to Postgres before a byte exists at its key.

import { eq, sql } from '../db/drizzle.ts'
import { objects, uploads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { newObjectKey } from '../keys.ts'
import { isTheirs } from './read.ts'
import { isOpen, type State, state } from './state.ts'

// Longer than all deadlines of one confirm together: whoever holds a lease this old is gone.
const LEASE_SECONDS = 600

export interface Claimed {
  id: string
  userId: string
  state: State
  /** Where this attempt, and no other, may copy to; only while the upload is open. */
  key: string
  contentType: string
  sizeBytes: number
  sha256: string | null
}

/**
 * One short statement: judges the upload by the database's clock and, if it is open, records a
 * fresh object key whose lease the janitor honours.
 * @throws {Problem} UPLOAD_NOT_FOUND, also for somebody else's
 */
export async function claim({ db }: Deps, userId: string, id: string): Promise<Claimed> {
  const key = newObjectKey()
  const attempt = db.$with('attempt', { key: objects.key }).as(sql`
    insert into objects (key, user_id, upload_id, content_type, size_bytes, purge_after)
    select ${key}, user_id, id, content_type, size_bytes,
           now() + make_interval(secs => ${LEASE_SECONDS})
    from uploads where ${isTheirs(id, userId)} and ${isOpen} returning key`)
  const { contentType, sizeBytes, sha256 } = uploads
  const [claimed] = await db
    .with(attempt)
    .select({ state, contentType, sizeBytes, sha256 })
    .from(uploads)
    .where(isTheirs(id, userId))
  if (!claimed) throw problem('UPLOAD_NOT_FOUND')
  return { id, userId, key, ...claimed }
}

/** Takes back a claim under which nothing was copied, so that polling leaves no rows behind. */
export async function unclaim({ db }: Deps, key: string) {
  await db.delete(objects).where(eq(objects.key, key))
}
