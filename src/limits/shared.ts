// Buckets that all instances share by Redis, and that each has for itself while Redis is away.

import type { Buckets } from './buckets.ts'
import type { Redis } from './redis.ts'

/** Takes so many of a caller's bucket. @returns how long to wait, in ms; 0 means that they are taken */
export type Take = (key: string, count: number) => number | Promise<number>

/**
 * What Redis said is remembered: whoever certainly has to wait is told so without asking it, and who had taken
 * much is known when it goes away.
 */
export function shareBuckets(own: Buckets, redis: Redis, prefix: string): Take {
  async function ask(key: string, count: number) {
    const askedAt = own.now()
    const costMs = own.costMs(count)
    const answer = await redis.take(`${prefix}:${key}`, costMs, own.wholeMs).catch(() => null)
    if (!answer) return own.take(key, count)
    own.learn(key, askedAt + answer.usedMs)
    return answer.isTaken ? 0 : Math.max(1, answer.usedMs + costMs - own.wholeMs)
  }

  return (key, count) => {
    // The others can only have taken more than is known here.
    if (!redis.isThere() || own.waitMs(key, count) > 0) return own.take(key, count)
    return ask(key, count)
  }
}
