// Removing an avatar: the user's row lets go of it at once, its bytes follow later.

import { eq } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { users } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { discardObject } from './discard.ts'

/** Leaves the user without an avatar; doing it twice, or to a user nobody knows, changes nothing. */
export async function removeAvatar({ config, db }: Deps, userId: string) {
  await retryConflicts(() =>
    db.transaction(async (tx) => {
      const [user] = await tx.select().from(users).where(eq(users.id, userId)).for('update')
      if (!user?.avatarKey) return
      await tx.update(users).set({ avatarKey: null }).where(eq(users.id, userId))
      await discardObject(tx, config, user.avatarKey)
    })
  )
}
