// Commit: write the verified object's key to the user's row, all or nothing.

import { discardObject } from '../avatars/discard.ts'
import { facts } from '../avatars/read.ts'
import { and, eq, isNull, sql } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { objects, uploads, users } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import type { Picture } from '../images/inspect.ts'
import type { Claimed } from './claim.ts'
import { isTheirs, view } from './read.ts'
import { confirmed } from './settled.ts'
import { isOpen } from './state.ts'

/**
 * One short transaction: the object becomes live, the user's row points at it, the object it
 * pointed at before is discarded, the upload is confirmed. Null when the upload is no longer open.
 * @throws {Problem} CONFIRM_INTERRUPTED when the janitor has taken the attempt's lease, or the confirm
 *   its time; UPLOAD_NOT_FOUND when the user is gone
 */
export async function commit(deps: Deps, claimed: Claimed, picture: Picture) {
  if (deps.signal?.aborted) throw problem('CONFIRM_INTERRUPTED')
  const committed = await retryConflicts(() => write(deps, claimed, picture))
  return committed && confirmed(deps, committed.upload, committed.object)
}

function write({ config, db }: Deps, { id, userId, key }: Claimed, picture: Picture) {
  return db.transaction(async (tx) => {
    // The user's row first: everybody who changes this avatar takes turns here. Taken last, six
    // confirms at once left several live objects in 198 of 200 rounds.
    const [user] = await tx.select().from(users).where(eq(users.id, userId)).for('update')
    if (!user) throw problem('UPLOAD_NOT_FOUND') // erased meanwhile
    const [upload] = await tx
      .update(uploads)
      .set({ confirmedAt: sql`now()`, objectKey: key })
      .where(and(isTheirs(id, userId), isOpen))
      .returning(view)
    if (!upload) return null

    const { width, height } = picture
    const [object] = await tx
      .update(objects)
      .set({ verifiedAt: sql`now()`, purgeAfter: null, width, height })
      .where(and(eq(objects.key, key), isNull(objects.discardedAt)))
      .returning(facts)
    if (!object) throw problem('CONFIRM_INTERRUPTED')
    await tx.update(users).set({ avatarKey: key }).where(eq(users.id, userId))
    if (user.avatarKey) await discardObject(tx, config, user.avatarKey)
    return { upload, object }
  })
}
