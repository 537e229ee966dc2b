// What an orchestrator sees: it asks both health routes all the time.

import { setTimeout as sleep } from 'node:timers/promises'

import type { ServiceProcess } from '../support/process.ts'

export type Health = ReturnType<typeof watchHealth>

const EVERY_MS = 250
const TIMEOUT_MS = 30_000

/** Asks until `stop`; times in milliseconds. */
export function watchHealth(service: ServiceProcess) {
  let stopped = false
  let slowestLive = 0
  let deaths: string[] = []
  let ready = { status: 0, at: 0 }
  let unreadySeen = false

  async function statusOf(path: string) {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await fetch(`${service.url}${path}`, { signal }).catch((err: Error) => err)
    return answer instanceof Error ? `${answer.cause ?? answer}` : answer.status
  }

  async function askLive() {
    for (; !stopped; await sleep(EVERY_MS)) {
      const begun = performance.now()
      const status = await statusOf('/health/live')
      slowestLive = Math.max(slowestLive, performance.now() - begun)
      if (status !== 200) deaths.push(`${status}`)
    }
  }

  async function askReady() {
    for (; !stopped; await sleep(EVERY_MS)) {
      const status = Number(await statusOf('/health/ready'))
      ready = { status, at: Date.now() }
      if (status === 503) unreadySeen = true
    }
  }

  const asking = Promise.all([askLive(), askReady()])
  return {
    begin() {
      slowestLive = 0
      deaths = []
      unreadySeen = false
    },
    seen: () => ({ slowestLive, deaths, unreadySeen }),
    /** Milliseconds until it is ready again; null when it is not within `ms`. */
    async recovered(ms: number) {
      for (const since = Date.now(); Date.now() - since < ms; await sleep(20)) {
        if (ready.status === 200 && ready.at > since) return Date.now() - since
      }
      return null
    },
    async stop() {
      stopped = true
      await asking
    }
  }
}
