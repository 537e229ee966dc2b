// Reconcile: walk through the bucket beside the database, both ways round.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Deps } from '../deps.ts'
import type { Page } from '../s3/list.ts'
import { type Dangling, danglingOn } from './dangling.ts'
import { assertOurBucket } from './label.ts'
import { straysOf } from './strays.ts'
import { type Found, leaveWalk, stepWalk, takeWalk } from './walk.ts'

export interface ReconcileOptions {
  /** Deletes nothing. */
  dryRun?: boolean
  signal?: AbortSignal
  /** Whose walk it is: walks of another name do not disturb it. */
  name?: string
  /** How long ago the last walk of this name must have begun. */
  everySeconds?: number
  /** Rest between two pages. */
  pauseMs?: number
  /** Gets every finding as it is made. */
  report?: (finding: Finding) => void
}

export type Finding = { stray: string; removed: boolean } | { dangling: Dangling }

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
  for (const prefix of ['staging/', 'avatars/'] as const) {
    const walk = await walkThrough(deps, prefix, options)
    if (walk) walked.push(walk)
  }
  return walked.length > 0 ? walked.reduce(sum) : null
}

async function walkThrough(deps: Deps, prefix: Prefix, options: ReconcileOptions) {
  const { signal, everySeconds = 0, pauseMs = 0 } = options
  const name = `${options.name ?? (options.dryRun ? 'dry run' : 'reconcile')} ${prefix}`
  let walk = await takeWalk(deps, name, everySeconds)
  if (!walk) return null
  try {
    await assertOurBucket(deps)
    while (!walk.endedAt && !signal?.aborted) {
      const page = await deps.bucket.list(prefix, walk.after)
      const found = await lookAt(deps, prefix, walk.after, page, options)
      walk = await stepWalk(deps, name, found, page.more ? page.objects.at(-1)!.key : null)
      await sleep(walk.endedAt ? 0 : pauseMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    await leaveWalk(deps, name)
  }
  const { listed, strays, removed, dangling, endedAt } = walk
  return { listed, strays, removed, dangling, complete: endedAt !== null }
}

async function lookAt(
  deps: Deps,
  prefix: Prefix,
  after: string,
  page: Page,
  { dryRun, report }: ReconcileOptions
): Promise<Found> {
  const found = { listed: page.objects.length, strays: 0, removed: 0, dangling: 0 }
  const strays = await straysOf(deps, page)
  const removed = new Set(dryRun || strays.length === 0 ? [] : await deps.bucket.delete(strays))
  for (const stray of strays) report?.({ stray, removed: removed.has(stray) })
  found.strays = strays.length
  found.removed = removed.size
  if (prefix === 'avatars/') {
    for await (const dangling of danglingOn(deps, after, page)) {
      report?.({ dangling })
      found.dangling++
    }
  }
  return found
}

type Prefix = 'staging/' | 'avatars/'

const sum = (one: Reconciled, other: Reconciled): Reconciled => ({
  listed: one.listed + other.listed,
  strays: one.strays + other.strays,
  removed: one.removed + other.removed,
  dangling: one.dangling + other.dangling,
  complete: one.complete && other.complete
})
