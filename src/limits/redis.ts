// The Redis that instances share, while it is there: each call is bounded, and none is made while it is away.

import { setTimeout as sleep } from 'node:timers/promises'

import { createClient } from '@redis/client'

const CALL_MS = 100
const CONNECT_MS = 1000
const AGAIN_MS = 1000

// ARGV: what is wanted, and the whole bucket, in ms. The clock is that of Redis, so instances need not agree;
// where it was set back, a bucket is empty and no more than that.
const SCRIPT = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
full = math.min(full, now + ARGV[2])
local after = full + ARGV[1]
if after - now > ARGV[2] + 0.5 then return {0, math.floor(full - now)} end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now))
return {1, math.floor(after - now)}`

export interface Log {
  warn: (facts: object, message: string) => void
}
export type Redis = ReturnType<typeof openRedis>

/**
 * Connects beside the requests, and again whenever it is gone; says once that it is, and once that it is back.
 * `probe` is a key that nobody has.
 */
export function openRedis(url: string, probe: string, log: Log) {
  const closing = new AbortController()
  let client = newClient(url)
  let drop = (_: unknown) => {}
  let isThere = false
  let isMissed = false

  async function keep() {
    while (!closing.signal.aborted) {
      await live().catch(miss)
      if (client.isOpen) client.destroy()
      // A connection that was closed in order is no reason to hold the process.
      await sleep(AGAIN_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  // Rejects when it is over: what is silent is given up, for TCP would take minutes.
  async function live() {
    const { promise: lost, reject } = Promise.withResolvers<never>()
    lost.catch(() => {})
    drop = reject
    client = newClient(url)
    client.on('error', reject)
    await within(CONNECT_MS, Promise.race([client.connect(), lost]))
    await ask(probe, 1, 1000) // what a replica, or who may not write, would refuse
    if (isMissed) log.warn({}, 'Redis is back: the instances count together')
    isMissed = false
    isThere = true
    await lost
  }

  function miss(err: unknown) {
    isThere = false
    if (isMissed || closing.signal.aborted) return
    isMissed = true
    log.warn({ err, code: codeOf(err) }, 'Redis is away: each instance counts for itself')
  }

  async function ask(key: string, costMs: number, wholeMs: number) {
    const options = { keys: [key], arguments: [`${costMs}`, `${wholeMs}`] }
    const answer = await within(CALL_MS, client.eval(SCRIPT, options))
    const [isTaken, usedMs] = Array.isArray(answer) ? answer.map(Number) : []
    if (!(usedMs! >= 0)) throw new Error('what answers is no Redis')
    return { isTaken: isTaken === 1, usedMs: Math.min(usedMs!, wholeMs) }
  }

  const kept = keep()
  return {
    isThere: () => isThere,
    /**
     * Takes so many ms of a bucket of `wholeMs`, if they are there.
     * @returns how much is used then
     */
    async take(key: string, costMs: number, wholeMs: number) {
      try {
        return await ask(key, costMs, wholeMs)
      } catch (err) {
        isThere = false
        drop(err)
        throw err
      }
    },
    async close() {
      closing.abort()
      drop(closing.signal.reason)
      await kept
    }
  }
}

/** Takes a bucket for a millisecond. @throws whatever kept it from that: no Redis, a wrong password, no right to */
export async function tryRedis(url: string, key: string) {
  const client = newClient(url)
  client.on('error', () => {}) // the call has it too
  try {
    await within(CONNECT_MS, client.connect())
    await within(CONNECT_MS, client.eval(SCRIPT, { keys: [key], arguments: ['1', '60000'] }))
  } finally {
    if (client.isOpen) client.destroy()
  }
}

// With which Redis begins its refusals, such as WRONGPASS: all of them that may be in the log.
const codeOf = (err: unknown) =>
  /^[A-Z]{3,20}(?= )/.exec(err instanceof Error ? err.message : '')?.[0]

const newClient = (url: string) =>
  createClient({
    url,
    RESP: 2, // as all that speak like Redis do
    maintNotifications: 'disabled',
    disableClientInfo: true,
    disableOfflineQueue: true,
    commandOptions: { timeout: undefined }, // ours also ends what the library forgets after an answer it cannot read
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS }
  })

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  // An answer that came while this process was busy is read first.
  const timer = setTimeout(() => setImmediate(reject, new Error(`no answer in ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
