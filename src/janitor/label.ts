// Whose bucket this is: the label in it must name the database that we have.

import { installation } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { LABEL_KEY } from '../s3/label.ts'
import { unknownOf } from './strays.ts'

/** The bucket belongs to another database, or may do so: nothing in it may be deleted. */
export class BucketNotOurs extends Error {}

/**
 * Makes sure that bucket and database belong together, before what the database does not know is
 * deleted: with the database of another environment, or an empty one, that would be everything. A
 * bucket without a label gets ours, if the first thousand objects of each part are all known here.
 * @throws {BucketNotOurs}
 */
export async function assertOurBucket(deps: Deps) {
  const id = await ourId(deps)
  const label = await deps.bucket.readLabel()
  if (label === id) return
  if (label === null) return adoptKnown(deps, id)
  const named = /^[\da-f-]{36}$/.test(label) ? `database ${label}` : 'something else'
  throw new BucketNotOurs(
    `${LABEL_KEY} in the bucket names ${named}, but this is ${id}: nothing is deleted. ` +
      'If the bucket is to belong to this database: directo bucket adopt'
  )
}

/** Labels the bucket as ours, whatever lies in it and whatever it was labelled before. */
export async function adoptBucket(deps: Deps) {
  await deps.bucket.writeLabel(await ourId(deps))
}

async function adoptKnown(deps: Deps, id: string) {
  for (const prefix of ['staging/', 'avatars/']) {
    const page = await deps.bucket.list(prefix, '')
    const unknown = await unknownOf(deps, page)
    if (unknown.length === 0) continue
    throw new BucketNotOurs(
      `the bucket has no label, and ${unknown.length} of the first ${page.objects.length} objects in ` +
        `${prefix} are unknown to this database: nothing is deleted. If they may go: directo bucket adopt`
    )
  }
  await deps.bucket.writeLabel(id)
  // Another installation may have done the same a moment ago: whoever wrote last has it.
  if ((await deps.bucket.readLabel()) !== id) throw new BucketNotOurs('the bucket was just taken')
}

async function ourId({ db }: Deps) {
  const [ours] = await db.select().from(installation)
  if (!ours) throw new BucketNotOurs('the database has no name: it is not migrated')
  return ours.id
}
