// Whose bucket this is: the label in it must name the database that we have.

import { installation } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { LABEL_KEY } from '../s3/label.ts'

/** The bucket belongs to another database: nothing in it may be deleted. */
export class BucketNotOurs extends Error {}

/**
 * Makes sure that bucket and database belong together, before what the database does not know is
 * deleted: with the database of another environment, or an empty one, that would be everything.
 * A bucket without a label gets ours.
 * @throws {BucketNotOurs}
 */
export async function assertOurBucket({ db, bucket }: Deps) {
  const [ours] = await db.select().from(installation)
  if (!ours) throw new BucketNotOurs('the database has no name: it is not migrated')
  if ((await bucket.readLabel()) === null) await bucket.writeLabel(ours.id)
  const label = await bucket.readLabel()
  if (label === ours.id) return
  throw new BucketNotOurs(
    `${LABEL_KEY} in the bucket names database ${label}, but this is ${ours.id}: nothing was ` +
      'deleted. If the bucket is to belong to this database, remove that object first.'
  )
}
