// Promote: copy what was sent to this attempt's own key, and to another one if that fails.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Deps } from '../deps.ts'
import { Problem, problem } from '../errors.ts'
import { stagingKey } from '../keys.ts'
import { type Claimed, claim, unclaim } from './claim.ts'

const ATTEMPTS = 3

/**
 * Copies the staged object that was looked at. A copy that failed may still land, with whatever is
 * in staging by then, so the next goes to a key of its own. Null when the upload is no longer open.
 * @throws {Problem} OBJECT_CHANGED when staging was overwritten or emptied, STORAGE_UNAVAILABLE
 */
export async function promote(deps: Deps, first: Claimed, etag: string): Promise<Claimed | null> {
  const { id, userId, contentType } = first
  const giveUpAt = Date.now() + deps.config.s3.deadlineMs
  for (let claimed = first, attempt = 1; ; attempt++) {
    try {
      const options = { contentType, etag }
      if (await deps.bucket.promote(stagingKey(id), claimed.key, options)) return claimed
      await unclaim(deps, claimed.key)
      throw problem('OBJECT_CHANGED')
    } catch (err) {
      const mayPass = err instanceof Problem && err.code === 'STORAGE_UNAVAILABLE'
      const isLate = Date.now() >= giveUpAt || deps.signal?.aborted
      if (!mayPass || attempt === ATTEMPTS || isLate) throw err
    }
    await sleep(Math.random() * 100 * 2 ** attempt)
    claimed = await claim(deps, userId, id)
    if (claimed.state !== 'open') return null
  }
}
