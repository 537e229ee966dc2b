// Confirm: promote what was sent to a key nobody else can write, verify it there, commit it.

import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { stagingKey } from '../keys.ts'
import { timed } from '../metrics/timed.ts'
import { limited } from '../time-limit.ts'
import { type Claimed, claim, unclaim } from './claim.ts'
import { commit } from './commit.ts'
import { examine } from './examine.ts'
import { promote } from './promote.ts'
import { assertId } from './read.ts'
import { reject } from './reject.ts'
import { type Confirmed, settled } from './settled.ts'
import { verifyBytes, verifyMetadata } from './verify.ts'

/**
 * Makes the sent object the user's avatar, if it is what was declared. Safe to repeat and to race:
 * one attempt commits, every other answers with its result. Nothing is deleted from the bucket
 * here, whatever happens: an error at COMMIT leaves open what became of it. `hold` hears of what it may
 * leave under way.
 * @throws {Problem} UPLOAD_NOT_FOUND, OBJECT_MISSING, OBJECT_REJECTED, UPLOAD_ABORTED,
 *   UPLOAD_EXPIRED, CONFIRM_INTERRUPTED, STORAGE_UNAVAILABLE
 */
export async function confirmUpload(
  deps: Deps,
  userId: string,
  id: string,
  hold: Hold = () => {}
): Promise<Confirmed> {
  assertId(id)
  // Each call has its own deadline; together they must not outlast the client's patience.
  return limited(deps.config.confirmDeadlineMs, undefined, (signal) =>
    attempt({ ...deps, signal, bucket: deps.bucket.within(signal) }, userId, id, hold)
  )
}

async function attempt(deps: Deps, userId: string, id: string, hold: Hold): Promise<Confirmed> {
  const { claimed, staged } = await timed(deps.metrics?.phases.claim, begin(deps, userId, id, hold))
  if (claimed.state !== 'open') return settled(deps, userId, id)
  if (!staged || staged instanceof Error) {
    await unclaim(deps, claimed.key)
    throw staged ?? problem('OBJECT_MISSING')
  }
  const reasons = verifyMetadata(claimed, staged)
  if (reasons.length > 0) {
    reasons.push(...(await stagedReasons(deps, claimed, staged.sizeBytes)))
    return reject(deps, claimed, reasons)
  }
  const promoted = await timed(deps.metrics?.phases.copy, promote(deps, claimed, staged.etag))
  return promoted ? conclude(deps, promoted) : settled(deps, userId, id)
}

// Side by side, though an upload that is settled answers without S3; what is asked of S3 counts all the same.
async function begin(deps: Deps, userId: string, id: string, hold: Hold) {
  const looking = deps.bucket.head(stagingKey(id)).catch((err) => err as Error)
  hold(looking)
  const claimed = await claim(deps, userId, id)
  return { claimed, staged: claimed.state === 'open' ? await looking : null }
}

// The grant can still overwrite staging, so only the copy can be judged once and for all.
async function conclude(deps: Deps, claimed: Claimed): Promise<Confirmed> {
  const { phases } = deps.metrics ?? {}
  const { reasons, picture } = await timed(phases?.verify, judge(deps, claimed))
  if (reasons.length > 0) return reject(deps, claimed, reasons)
  const confirmed = await timed(phases?.commit, commit(deps, claimed, picture))
  return confirmed ?? settled(deps, claimed.userId, claimed.id)
}

async function judge({ bucket, config }: Deps, claimed: Claimed) {
  const { key, sizeBytes, sha256 } = claimed
  const examined = await examine(bucket, key, { sizeBytes, hash: sha256 !== null })
  if (!examined) throw problem('CONFIRM_INTERRUPTED')
  return verifyBytes(config.avatar, claimed, examined)
}

type Hold = (late: Promise<unknown>) => void

// Already refused by its metadata, so not worth a copy: looked at only to name every reason.
async function stagedReasons({ bucket, config }: Deps, claimed: Claimed, sizeBytes: number) {
  if (sizeBytes === 0) return []
  const examined = await examine(bucket, stagingKey(claimed.id), { sizeBytes, hash: false })
  if (!examined) return []
  const asStored = { ...claimed, sizeBytes: examined.bytes.sizeBytes, sha256: null }
  return verifyBytes(config.avatar, asStored, examined).reasons
}
