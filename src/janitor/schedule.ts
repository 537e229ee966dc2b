// The janitor of a running instance: sweeps every so often, and walks through the bucket now and then.

import { setTimeout as sleep } from 'node:timers/promises'

import { unwatched } from '../calls.ts'
import { withoutQuery } from '../db/errors.ts'
import type { Deps } from '../deps.ts'
import { countSweep } from './count.ts'
import { assertOurBucket } from './label.ts'
import { gentle } from './purge.ts'
import { type Finding, reconcile } from './reconcile.ts'
import { sweep } from './sweep.ts'

const PAUSE_MS = 1000 // a walk through a million objects takes some twenty minutes and disturbs nobody

/** What the janitor needs of a logger. */
export type Log = Record<
  'debug' | 'info' | 'warn' | 'error',
  (facts: object, sentence: string) => void
>

/**
 * Starts both loops, whose passes `watch` sees; instances need not know of each other. The function
 * it returns stops them: the call under way is given up, and it resolves when nothing is done any more.
 */
export function startJanitor(instance: Deps, log: Log, watch = unwatched): () => Promise<void> {
  const { isOn, sweepSeconds, reconcileSeconds } = instance.config.janitor
  if (!isOn) return async () => {}
  const stopping = new AbortController()
  const { signal } = stopping
  // What S3 was deleting when we had to stop is due again.
  const deps = { ...instance, bucket: instance.bucket.within(signal) }
  const loops = Promise.all([
    repeat(sweepSeconds, signal, () =>
      watch('janitor', 'sweep', () => sweepOnce(deps, log, signal))
    ),
    // Looked at often, since the instance that walked may have died half-way.
    repeat(Math.min(reconcileSeconds / 2, 600), signal, () =>
      watch('janitor', 'reconcile', () => walkOnce(deps, log, signal))
    )
  ])
  return async () => {
    stopping.abort()
    await loops
  }
}

// Half too early to half too late: instances that started together do not stay together.
async function repeat(seconds: number, signal: AbortSignal, pass: () => Promise<boolean>) {
  for (let more = false; !signal.aborted; more = await pass()) {
    const ms = more ? 0 : 1000 * seconds * (0.5 + Math.random())
    await sleep(ms, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

async function sweepOnce(deps: Deps, log: Log, signal: AbortSignal) {
  const theirs = await assertOurBucket(deps).catch((err) => err as Error)
  if (theirs) {
    if (signal.aborted) return false
    deps.metrics?.janitor.sweeps.refused.add()
    log.error({ err: withoutQuery(theirs) }, 'nothing is swept')
    return false
  }
  const { errors, more, refused, ...swept } = await sweep(deps, { pace: gentle, signal })
  if (deps.metrics) countSweep(deps.metrics, swept, errors.length === 0)
  if (signal.aborted) return false
  for (const err of errors) log.error({ err: withoutQuery(err) }, 'the sweep left something undone')
  if (swept.failed > 0) log.warn({ swept, more, refused }, 'swept, but S3 left some alone')
  else log[Object.values(swept).some(Boolean) ? 'info' : 'debug']({ swept, more }, 'swept')
  return more && errors.length === 0
}

async function walkOnce(deps: Deps, log: Log, signal: AbortSignal) {
  const { reconcileSeconds: everySeconds } = deps.config.janitor
  const report = (finding: Finding) => {
    if ('stray' in finding && finding.removed) deps.metrics?.janitor.strays.add()
    if ('dangling' in finding) log.warn(finding, "a user's avatar is missing from the bucket")
    if ('refused' in finding) log.warn(finding, 'S3 left strays alone')
  }
  try {
    const options = { name: 'janitor', everySeconds, pauseMs: PAUSE_MS, signal, report }
    const reconciled = await reconcile(deps, options)
    if (!reconciled) return false
    log.info({ reconciled, dangling_references: reconciled.dangling }, 'reconciled')
  } catch (err) {
    if (signal.aborted) return false
    log.error({ err: withoutQuery(err) }, 'the walk through the bucket stopped')
  }
  return false
}
