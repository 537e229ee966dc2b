// Reconcile: walk through the bucket beside the database, both ways round.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Deps } from '../deps.ts'
import { ALARM, type Dangling, danglingOn } from './dangling.ts'
import { assertOurBucket } from './label.ts'
import { straysOf } from './strays.ts'
import { type Found, leaveWalk, stepWalk, takeWalk, type Walk } from './walk.ts'

export interface ReconcileOptions {
  /** Deletes nothing, begins at the beginning, and does not count as a walk. */
  dryRun?: boolean
  signal?: AbortSignal
  /** Whose walk it is: walks of another name do not disturb it. */
  name?: string
  /** How long ago the last walk of this name must have begun. */
  everySeconds?: number
  /** Rest between two pages. */
  pauseMs?: number
  /** Gets every finding as it is made; those of a page that was not finished come again. */
  report?: (finding: Finding) => void
}

export type Finding =
  | { dangling: Dangling }
  | { stray: string; removed: boolean }
  /** Why S3 left strays alone: its codes, with the number of keys. */
  | { refused: Record<string, number> }

export interface Reconciled extends Found {
  /** Whether both walks came to their end; if not, the next call goes on. */
  complete: boolean
}

/**
 * Removes strays from `staging/` and `avatars/`, and reports users whose avatar is gone, without
 * touching them. One page is in memory at a time, and each page that is done stays done.
 * @returns what the walks found from their beginning, also in earlier calls; null when another
 *   process is walking, or it is not time yet
 * @throws {BucketNotOurs} and {Problem} STORAGE_UNAVAILABLE
 */
export async function reconcile(
  deps: Deps,
  options: ReconcileOptions = {}
): Promise<Reconciled | null> {
  const walked = []
  for (const prefix of prefixes) {
    const walk = await walkThrough(deps, prefix, options)
    if (walk) walked.push(walk)
  }
  if (walked.length === 0) return null
  return {
    listed: sum(walked, 'listed'),
    strays: sum(walked, 'strays'),
    removed: sum(walked, 'removed'),
    dangling: sum(walked, 'dangling'),
    complete: walked.length === prefixes.length && walked.every(({ endedAt }) => endedAt)
  }
}

async function walkThrough(deps: Deps, prefix: Prefix, options: ReconcileOptions) {
  const { dryRun = false, signal, everySeconds = 0, pauseMs = 0 } = options
  const name = `${options.name ?? (dryRun ? 'dry run' : 'reconcile')} ${prefix}`
  let walk = await takeWalk(deps, { name, everySeconds, anew: dryRun })
  if (!walk) return null
  try {
    if (!dryRun) await assertOurBucket(deps)
    while (!walk.endedAt && !signal?.aborted) {
      const next = await walkPage(deps, prefix, walk, options)
      if (!next) break
      walk = next
      await sleep(walk.endedAt ? 0 : pauseMs, undefined, { signal }).catch(() => {})
    }
    return walk
  } finally {
    await leaveWalk(deps, walk).catch(() => {}) // its hold ends by itself
  }
}

// Null when it could not be finished, because we are to stop or another process took over.
async function walkPage(deps: Deps, prefix: Prefix, walk: Walk, options: ReconcileOptions) {
  const { dryRun, report, signal } = options
  const after = decodeURI(walk.after)
  const page = await deps.bucket.list(prefix, after)
  const dangling = prefix === 'avatars/' ? await danglingOn(deps, after, page, signal) : []
  if (!dangling) return null
  for (const user of dangling) report?.({ dangling: user })
  const strays = await straysOf(deps, page)
  // With so many missing beside them, it is no time to delete what seems to be nobody's.
  const mayDelete = !dryRun && strays.length > 0 && dangling.length < ALARM
  const { deleted, refused } = mayDelete ? await deps.bucket.delete(strays) : NOTHING
  const removed = new Set(deleted)
  for (const stray of strays) report?.({ stray, removed: removed.has(stray) })
  if (Object.keys(refused).length > 0) report?.({ refused })
  const found = {
    listed: page.objects.length,
    strays: strays.length,
    removed: removed.size,
    dangling: dangling.length
  }
  // Encoded, for Postgres cannot hold every character that a key can.
  return stepWalk(deps, walk, found, page.more ? encodeURI(page.objects.at(-1)!.key) : null)
}

const NOTHING = { deleted: [], refused: {} }

const prefixes = ['staging/', 'avatars/'] as const
type Prefix = (typeof prefixes)[number]

const sum = (walks: Found[], name: keyof Found) =>
  walks.reduce((total, walk) => total + walk[name], 0)
