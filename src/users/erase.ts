// Erasing a user: nothing of theirs stays, and nothing under way becomes visible any more.

import { and, eq, isNull, sql } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { objects, uploads, users } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { avatars, BATCH, backoff, settle } from '../janitor/purge.ts'

/**
 * Discards everything of a user, then deletes at once what signed URLs were handed out for: these
 * die here, while the bytes of unfinished uploads follow when their grants and leases have ended.
 * Tokens issued before cannot create uploads any more. A user nobody knows is erased as well.
 * @throws {Problem} STORAGE_UNAVAILABLE when S3 did not delete everything: the user is erased, and
 *   the janitor or the next call does the rest
 */
export async function eraseUser(deps: Deps, userId: string) {
  const keys = await retryConflicts(() => discardAll(deps, userId))
  for (let at = 0; at < keys.length; at += BATCH) {
    const batch = keys.slice(at, at + BATCH)
    const { deleted, refused } = await deps.bucket.delete(batch)
    await settle(deps, avatars, deleted)
    if (deleted.length === batch.length) continue
    const cause = new Error(`S3 refused to delete: ${JSON.stringify(refused)}`)
    throw problem('STORAGE_UNAVAILABLE', undefined, { cause })
  }
}

function discardAll({ db }: Deps, userId: string) {
  return db.transaction(async (tx) => {
    // Creates of this user that came first have committed once the lock is ours; later ones see the
    // erasure. A confirm takes turns with us at the user's row.
    await tx.execute(
      sql`select pg_advisory_xact_lock(hashtextextended('directo:uploads:' || ${userId}, 0))`
    )
    const erasedAt = sql`clock_timestamp()`
    await tx
      .insert(users)
      .values({ id: userId, erasedAt })
      .onConflictDoUpdate({ target: users.id, set: { erasedAt, avatarKey: null } })
    await tx
      .update(uploads)
      .set({ discardedAt: sql`now()` })
      .where(
        and(
          eq(uploads.userId, userId),
          isNull(uploads.purgedAt),
          isNull(uploads.confirmedAt),
          isNull(uploads.discardedAt)
        )
      )
    // Ours to delete at once, the same way as the janitor claims: one that claimed some before us may
    // be dead, and their URLs would outlive our answer. A copy of an unfinished attempt may still
    // land: it waits for the end of its lease.
    const discarded = await tx
      .update(objects)
      .set({
        discardedAt: sql`coalesce(discarded_at, now())`,
        purgeAfter: sql`case when verified_at is null then purge_after else now() + ${backoff} end`
      })
      .where(and(eq(objects.userId, userId), isNull(objects.purgedAt)))
      .returning({ key: objects.key, verifiedAt: objects.verifiedAt })
    return discarded.filter(({ verifiedAt }) => verifiedAt).map(({ key }) => key)
  })
}
