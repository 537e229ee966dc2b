// How often each caller may call: by user, or by address where there is no user.

import { openBuckets } from './buckets.ts'
import type { Log } from './redis.ts'
import { shareBuckets, type Take } from './shared.ts'

const kinds = ['creates', 'confirms', 'reads', 'addresses'] as const
export type Kind = (typeof kinds)[number]
/** How many of each a caller may do in a minute; 0 is as many as they like. */
export type PerMinute = Record<Kind, number>

export type Limits = Awaited<ReturnType<typeof openLimits>>

interface LimitsConfig {
  perMinute: PerMinute
  redisUrl?: string
  prefix: string
}

/** Opens them: in this process's memory, or shared by Redis, which need not be there. */
export async function openLimits({ perMinute, redisUrl, prefix }: LimitsConfig, log: Log) {
  // Its modules are for those who use it.
  const redis = redisUrl
    ? (await import('./redis.ts')).openRedis(redisUrl, `${prefix}:probe`, log)
    : undefined
  const take = Object.fromEntries(
    kinds.map((kind): [Kind, Take] => {
      if (perMinute[kind] === 0) return [kind, () => 0]
      const own = openBuckets(perMinute[kind])
      return [kind, redis ? shareBuckets(own, redis, `${prefix}:${kind}`) : own.take]
    })
  ) as Record<Kind, Take>
  return { take, perMinute, close: () => redis?.close() }
}
