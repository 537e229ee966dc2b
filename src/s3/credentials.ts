// The credentials that we sign with ourselves: kept at hand, and renewed before they end too early.

import type { S3Client } from '@aws-sdk/client-s3'

import { inTime } from './sign.ts'

export type Provider = S3Client['config']['credentials']
export type Credentials = Pick<
  Awaited<ReturnType<Provider>>,
  'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'expiration'
>

export type HeldCredentials = ReturnType<typeof holdCredentials>

/** What is wanted of credentials, and how long the wait for them may be. */
export interface Wanted {
  now: Date
  /** How long they should last, at least. */
  ms: number
  deadlineMs: number
  /** How long before their end they count as ended; a minute if it is not said. */
  marginMs?: number
}

export const MARGIN_MS = 60_000 // clocks of ours, of the store and of who issues them differ
const AGAIN_MS = 10_000 // some, such as those of a machine's role, are the same until shortly before their end
const PATIENCE_MS = 1_000 // with others at hand, nobody waits long for better ones

/**
 * Keeps the provider's credentials: to ask it every time costs more than to sign. When those at
 * hand would end too early it is asked for others, by one call at a time; if it has none, those at
 * hand are used until a minute before their end.
 * @returns what gives the credentials, at once where it can; its `replace` gets others where the store
 *   takes those at hand no more, though they should not have ended, and says whether there are any
 * @throws (from there) when there are none, or none in time
 */
export function holdCredentials(provide: Provider) {
  let held: Credentials | undefined
  let asking: Promise<void> | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  function get(wanted: Wanted): Credentials | Promise<Credentials> {
    return isEnough(wanted) ? held! : renewed(wanted)
  }

  function isEnough(wanted: Wanted) {
    const { now, ms } = wanted
    const left = leftMs(held, wanted)
    if (left >= ms) return true
    // A clock that was set back must not keep us from asking.
    return left > 0 && !asking && Math.abs(now.getTime() - askedAt) < AGAIN_MS
  }

  async function renewed(wanted: Wanted) {
    if (!held) await ask(wanted)
    if (!isEnough(wanted)) {
      await ask(wanted).catch((err) => {
        if (leftMs(held, wanted) <= 0) throw err
      })
    }
    if (leftMs(held, wanted) <= 0) throw new Error('the credentials have ended')
    return held!
  }

  function ask(wanted: Wanted) {
    const { now, deadlineMs } = wanted
    const patienceMs = leftMs(held, wanted) > 0 ? Math.min(PATIENCE_MS, deadlineMs) : deadlineMs
    asking ??= inTime(refresh(now), patienceMs).finally(() => {
      asking = undefined
    })
    return asking
  }

  async function refresh(now: Date) {
    // The first time those that the SDK has at hand will do.
    if (held) askedAt = now.getTime()
    const found = await provide(held && { forceRefresh: true })
    if (!held || endOf(found) >= endOf(held)) held = found
  }

  let replacing = Promise.resolve(false)
  let replacedAt = Number.NEGATIVE_INFINITY
  // All that are refused at about the same time wait for the same answer.
  function replace(): Promise<boolean> {
    const now = performance.now()
    if (now - replacedAt < AGAIN_MS) return replacing
    replacedAt = now
    replacing = others().catch(() => false)
    return replacing
  }

  async function others() {
    const before = held
    held = await inTime(provide({ forceRefresh: true }), PATIENCE_MS)
    return held.accessKeyId !== before?.accessKeyId || held.sessionToken !== before.sessionToken
  }

  return Object.assign(get, { replace })
}

const endOf = ({ expiration }: Credentials) => expiration?.getTime() ?? Number.POSITIVE_INFINITY

const leftMs = (
  credentials: Credentials | undefined,
  { now, marginMs = MARGIN_MS }: Pick<Wanted, 'now' | 'marginMs'>
) => (credentials ? endOf(credentials) - marginMs - now.getTime() : Number.NEGATIVE_INFINITY)
