// Reject: record why the object is not what was declared, for good.

import { and, sql } from '../db/drizzle.ts'
import { retryConflicts } from '../db/errors.ts'
import { uploads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import type { Reason } from '../reasons.ts'
import type { Claimed } from './claim.ts'
import { isTheirs } from './read.ts'
import { settled } from './settled.ts'
import { isOpen } from './state.ts'

/** Discards the upload with its reasons, unless another attempt settled it first; then throws. */
export async function reject(deps: Deps, { id, userId }: Claimed, found: Reason[]) {
  if (deps.signal?.aborted) throw problem('CONFIRM_INTERRUPTED')
  const reasons = found.filter((reason, index) => index === found.findIndex(sameAs(reason)))
  const discard = deps.db
    .update(uploads)
    .set({ reasons, discardedAt: sql`now()` })
    .where(and(isTheirs(id, userId), isOpen))
    .returning({ id: uploads.id })
  const [rejected] = await retryConflicts(() => discard.execute())
  if (rejected) count(deps, reasons)
  return settled(deps, userId, id)
}

function count({ metrics }: Deps, reasons: Reason[]) {
  metrics?.uploads.rejected.add()
  for (const code of new Set(reasons.map(({ code }) => code))) metrics?.reasons[code].add()
}

const sameAs = (reason: Reason) => (other: Reason) =>
  other.code === reason.code && other.found === reason.found
