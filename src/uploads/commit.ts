// Commit: write the verified object's key to the user's row, all or nothing.

import { discardSeconds } from '../avatars/discard.ts'
import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import type { Picture } from '../images/inspect.ts'
import type { Claimed } from './claim.ts'
import { confirmed } from './settled.ts'

/**
 * One call of what the migrations made of it: the object becomes live, the user's row points at it,
 * the object it pointed at before is discarded, the upload is confirmed. Null when the upload is no
 * longer open.
 * @throws {Problem} CONFIRM_INTERRUPTED when the janitor has taken the attempt's lease, or the confirm
 *   its time; UPLOAD_NOT_FOUND when the user is gone
 */
export async function commit(deps: Deps, claimed: Claimed, { width, height }: Picture) {
  const { signal, db, config } = deps
  if (signal?.aborted) throw problem('CONFIRM_INTERRUPTED')
  const { id, userId, key, contentType, sizeBytes, purpose, createdAt, expiresAt } = claimed
  const parameters = [id, userId, key, width, height, discardSeconds(config)] as const
  const [row] = await write(db, ...parameters)
  const { outcome, at } = row!
  if (outcome === 'erased') throw problem('UPLOAD_NOT_FOUND')
  if (outcome === 'settled') return null
  if (outcome !== 'confirmed') throw problem('CONFIRM_INTERRUPTED')
  deps.metrics?.uploads.confirmed.add()

  const declared = { id, purpose, contentType, sizeBytes, createdAt, expiresAt }
  const confirmedAt = new Date(at)
  const upload = { ...declared, state: 'confirmed' as const, confirmedAt, reasons: null }
  const object = { key, contentType, sizeBytes, width, height, verifiedAt: confirmedAt }
  return confirmed(deps, upload, object)
}

const write = statement<{
  outcome: string
  at: string
}>(
  'commit_upload',
  `
  select outcome, at
  from commit_upload($1, $2, $3, $4::integer, $5::integer, $6::double precision)`
)
