// Counts requests by route, method and class of status, and how long they took.

import type { FastifyInstance } from 'fastify'

import type { Metrics } from '../metrics/metrics.ts'
import type { Histogram } from '../metrics/registry.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics?: Metrics
  }
}

// Any address and any method can be asked for; what is counted must stay bounded.
const NONE = 'none'
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
const OTHER = 'other'

/** To be called before there are routes; without metrics nothing is counted, and nothing is spent. */
export function countRequests(app: FastifyInstance, metrics?: Metrics) {
  app.decorate('metrics', metrics)
  if (!metrics) return
  const byRoute = new Map<string, Map<string, Histogram[]>>()

  function seriesOf(route: string, method: string, hundreds: number) {
    const byMethod = byRoute.get(route) ?? new Map<string, Histogram[]>()
    byRoute.set(route, byMethod)
    const byClass = byMethod.get(method) ?? []
    byMethod.set(method, byClass)
    const label = METHODS.has(method) ? method : OTHER
    byClass[hundreds] ??= metrics!.requests(route, label, `${hundreds}xx`)
    return byClass[hundreds]
  }

  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? NONE : (request.routeOptions.url ?? NONE)
    const hundreds = Math.floor(reply.statusCode / 100)
    const known = byRoute.get(route)?.get(request.method)?.[hundreds]
    const series = known ?? seriesOf(route, request.method, hundreds)
    series.observe(reply.elapsedTime / 1000)
    done()
  })
}
