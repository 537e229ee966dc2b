// The settings of limits: how often each caller may call, and when an instance has enough to do.

import type { PerMinute } from './limits.ts'

interface LimitSettings {
  S3_BUCKET: string
  RATE_CREATES_PER_MINUTE: number
  RATE_CONFIRMS_PER_MINUTE: number
  RATE_READS_PER_MINUTE: number
  RATE_ADDRESS_PER_MINUTE: number
  REDIS_URL?: string
  CONFIRMS_AT_ONCE: number
  SHED_DELAY_MS: number
  SHED_HEAP_MB: number
  SHED_RSS_MB: number
}

const MB = 1_000_000

/** Arranged for use; a limit of 0 is none. */
export function limitsOf(settings: LimitSettings) {
  const perMinute: PerMinute = {
    creates: settings.RATE_CREATES_PER_MINUTE,
    confirms: settings.RATE_CONFIRMS_PER_MINUTE,
    reads: settings.RATE_READS_PER_MINUTE,
    addresses: settings.RATE_ADDRESS_PER_MINUTE
  }
  return {
    perMinute,
    redisUrl: settings.REDIS_URL,
    /** What several services on one Redis have apart, and the instances of one service in common. */
    prefix: `directo:${settings.S3_BUCKET}`,
    confirmsAtOnce: settings.CONFIRMS_AT_ONCE,
    shed: {
      delayMs: settings.SHED_DELAY_MS,
      heapBytes: settings.SHED_HEAP_MB * MB,
      rssBytes: settings.SHED_RSS_MB * MB
    }
  }
}

/** What is wrong with them; the address, which may hold a password, is not quoted. */
export function limitProblems({ REDIS_URL: url }: { REDIS_URL?: string }): string[] {
  if (!url || isRedis(url)) return []
  return ['REDIS_URL is not of the form redis://user:password@host:port/database (rediss for TLS)']
}

function isRedis(url: string) {
  try {
    const { protocol, hostname, username, password, pathname } = new URL(url)
    decodeURIComponent(username + password)
    return (
      /^rediss?:$/.test(protocol) && /^[\w.:[\]-]+$/.test(hostname) && /^\/?\d*$/.test(pathname)
    )
  } catch {
    return false
  }
}
