// Refusing early what an instance that has too much to do would answer too late.

import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { problem } from '../errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered however busy the instance is. */
    isNeverShed?: boolean
  }
}

interface Thresholds {
  delayMs: number
  heapBytes: number
  rssBytes: number
}

// Standing still for as long as this counts as an endless delay: a start on a busy machine must not.
const LOOK_MS = 2000

/** Looks every two seconds; a threshold of 0 is none. A request costs a few comparisons. */
export async function shedLoad(app: FastifyInstance, { delayMs, heapBytes, rssBytes }: Thresholds) {
  await app.register(underPressure, {
    sampleInterval: LOOK_MS,
    maxEventLoopDelay: delayMs,
    maxHeapUsedBytes: heapBytes,
    maxRssBytes: rssBytes,
    pressureHandler: ({ routeOptions }: FastifyRequest) => {
      if (!routeOptions.config.isNeverShed) throw problem('OVERLOADED')
    }
  })
}
