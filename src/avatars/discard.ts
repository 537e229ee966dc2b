// Discarding what a user's row no longer points at.

import type { Config } from '../config.ts'
import type { Transaction } from '../db/client.ts'
import { eq, sql } from '../db/drizzle.ts'
import { objects } from '../db/schema.ts'

const MARGIN_SECONDS = 60 // clocks of instances and store differ; a read may still be signing

/** How long the last URL that was handed out for an object may still be used. */
export const discardSeconds = (config: Config) => config.urlSeconds + MARGIN_SECONDS

/**
 * Marks a replaced or removed object for the janitor, who purges it when the last signed URL that
 * was handed out for it has died. The users row must have let go of it before, or Postgres refuses.
 */
export async function discardObject(tx: Transaction, config: Config, key: string) {
  // now() is when the transaction began, which may have waited long for the user's row.
  const wait = discardSeconds(config)
  await tx
    .update(objects)
    .set({
      discardedAt: sql`now()`,
      purgeAfter: sql`clock_timestamp() + make_interval(secs => ${wait})`
    })
    .where(eq(objects.key, key))
}
