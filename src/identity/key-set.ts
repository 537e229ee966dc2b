// The keys of an identity provider (JWKS), fetched and kept; nothing in a token says from where.

import { problem } from '../errors.ts'
import { download } from './download.ts'
import { type Algorithm, algorithms, type Jwk, keyOfJwk, type PublicKey } from './public-key.ts'

const FRESH_MS = 5 * 60_000 // a key that was withdrawn is believed no longer than this, in use
const IDLE_MS = 15 * 60_000 // nobody asked for so long: look before anything is believed
const AGAIN_MS = 30_000 // tokens with invented key ids make us ask no more often than this
const RETRY_MS = 5_000 // after a fetch that failed: nothing was learned
const DEADLINE_MS = 5_000 // of a fetch as a whole

export type KeySet = ReturnType<typeof openKeySet>
type Header = Record<string, unknown>
type Key = PublicKey & { kid?: string }

/**
 * Keeps the key set at `url`: fetched when first needed, looked at again after a while and for a key
 * that is not in it. While the address is away, the keys that are there are used. `warn` hears of each
 * fetch that failed; `now` is in milliseconds, of a clock that only goes forward.
 */
export function openKeySet(
  url: string,
  warn: (err: unknown) => void,
  { now = () => performance.now(), deadlineMs = DEADLINE_MS } = {}
) {
  let keys: Key[] = []
  let fetchedAt = -Infinity
  let mayAskAt = -Infinity
  let failure: unknown
  let asking: Promise<void> | undefined

  /** Brings the keys up to date, unless that was just tried; never rejects. */
  async function refresh() {
    if (!asking && now() >= mayAskAt) {
      asking = ask().finally(() => {
        asking = undefined
      })
    }
    await asking
  }

  async function ask() {
    try {
      keys = await fetchKeys(url, deadlineMs)
      failure = undefined
      fetchedAt = now()
      mayAskAt = fetchedAt + AGAIN_MS
    } catch (err) {
      failure = err
      mayAskAt = now() + RETRY_MS
      warn(err)
    }
  }

  /**
   * The PEM of the key that a token with this header is to be verified with, null if there is none.
   * @throws {Problem} IDENTITY_UNAVAILABLE when there may be one, and the address is away
   */
  async function find({ alg, kid }: Header): Promise<string | null> {
    if (!algorithms.includes(alg as Algorithm)) return null // nothing a fetch could help
    const age = now() - fetchedAt
    const refreshed = age > FRESH_MS ? refresh() : undefined
    if (age > IDLE_MS && !failure) await refreshed
    const known = pick(keys, alg, kid)
    if (known) return known.pem
    await refresh()
    const found = pick(keys, alg, kid)
    if (!found && failure) throw problem('IDENTITY_UNAVAILABLE', undefined, { cause: failure })
    return found?.pem ?? null
  }

  /** Whether any token could be verified yet. @throws {Problem} IDENTITY_UNAVAILABLE */
  async function assertReady() {
    if (keys.length === 0) await refresh()
    if (keys.length === 0) throw problem('IDENTITY_UNAVAILABLE', undefined, { cause: failure })
  }

  return { find, refresh, assertReady }
}

/** The usable keys of the set there. @throws {Error} when there is none, or the set cannot be had */
export const fetchKeys = async (url: string, deadlineMs = DEADLINE_MS) =>
  keysOf(await download(url, deadlineMs))

// The key decides what a token's algorithm may be, and not the token what is done with the key.
function pick(keys: Key[], alg: unknown, kid: unknown) {
  const fitting = keys.filter((key) => key.algorithms.includes(alg as Algorithm))
  if (kid !== undefined) return fitting.find((key) => key.kid === kid)
  return fitting.length === 1 ? fitting[0] : undefined // which of several it was nobody can say
}

// What we cannot use stands beside what we can: sets have keys for encryption, and newer kinds.
function keysOf(document: unknown) {
  const { keys } = (document ?? {}) as { keys?: unknown }
  const usable = (Array.isArray(keys) ? keys : []).flatMap((jwk: Jwk) => {
    try {
      return [keyOfJwk(jwk)]
    } catch {
      return []
    }
  })
  // Rather a mishap than the end of all keys: those that we have stay.
  if (usable.length === 0)
    throw new Error('the key set has no key that tokens can be verified with')
  return usable
}
