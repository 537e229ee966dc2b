// Checks: the Redis by which instances count together. They work without it, so nothing fails here.

import type { Config } from '../config.ts'
import { newId } from '../keys.ts'
import { type Check, pass, warn } from './check.ts'
import { sentence } from './errors.ts'

export const redis = ({ limits: { redisUrl } }: Config): Check[] =>
  redisUrl ? [{ name: 'Redis', run: () => redisAt(redisUrl) }] : []

async function redisAt(url: string) {
  const { host } = new URL(url)
  try {
    const { tryRedis } = await import('../limits/redis.ts')
    await tryRedis(url, `directo:doctor:${newId()}`)
    return pass(host)
  } catch (err) {
    return warn(`${host}: ${sentence(err)}`, 'look at REDIS_URL: each instance counts for itself')
  }
}
