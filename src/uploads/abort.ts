// Abort an upload: from now on nobody can confirm it.

import { and, sql } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { uploads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { assertId, isTheirs, readUpload } from './read.ts'
import { isOpen } from './state.ts'

/**
 * Discards an open upload; one that is already over stays as it is. Its bytes are left to the
 * janitor, who waits until the grant can no longer bring them back.
 * @throws {Problem} UPLOAD_NOT_FOUND, UPLOAD_CONFIRMED
 */
export async function abortUpload(deps: Deps, userId: string, id: string) {
  assertId(id)
  const discard = deps.db
    .update(uploads)
    .set({ discardedAt: sql`now()` })
    .where(and(isTheirs(id, userId), isOpen))
    .returning({ id: uploads.id })
  const [aborted] = await retryConflicts(() => discard.execute())
  if (aborted) return deps.metrics?.uploads.aborted.add()
  const { state } = await readUpload(deps, userId, id)
  if (state === 'confirmed') throw problem('UPLOAD_CONFIRMED')
}
