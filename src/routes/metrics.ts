// GET /metrics, for Prometheus: on the service's port by a token, or on a port of its own.

import { createHash, timingSafeEqual } from 'node:crypto'

import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyRequest
} from 'fastify'

import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { readUsage } from '../janitor/usage.ts'
import { PAGE_TYPE } from '../metrics/registry.ts'
import { addHeaders } from './headers.ts'
import { openPage } from './metrics-page.ts'
import { sendProblem } from './problems.ts'
import { requestIdOf } from './request-id.ts'

const schema = { hide: true } as object

export const metricsRoutes: FastifyPluginAsync<{
  page: () => Promise<string>
  token?: string
}> = async (app, { page, token }) => {
  const onRequest = token ? [tokenHolders(token)] : []
  app.get(
    '/metrics',
    { schema, onRequest, config: { isNeverShed: true } },
    async (_request, reply) =>
      reply
        .type(PAGE_TYPE)
        .header('cache-control', 'no-store')
        .send(await page())
  )
}

// Hashed, so that neither content nor length of the token shows in how long it takes.
function tokenHolders(token: string) {
  const expected = digest(`Bearer ${token}`)
  return async ({ headers }: FastifyRequest) => {
    if (timingSafeEqual(digest(headers.authorization ?? ''), expected)) return
    throw problem('UNAUTHENTICATED', 'Metrics take the bearer token of METRICS_TOKEN.')
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Adds the metrics to an app that is about to be made ready, where they are wanted. With a port of
 * their own that begins to listen when the app is ready, and closes with it.
 */
export async function serveMetrics(app: FastifyInstance, deps: Deps) {
  const { metrics: settings } = deps.config
  if (!settings || !deps.metrics) return
  const page = openPage(deps.metrics, {
    usage: () => readUsage(deps),
    credentialsEnd: () => deps.bucket.credentialsEnd(),
    now: deps.now
  })
  const { port, host, token } = settings
  if (port === undefined) return void (await app.register(metricsRoutes, { page, token }))
  const own = fastify({
    loggerInstance: app.log.child({}, { level: 'error' }), // nobody wants a line for each scrape
    genReqId: requestIdOf,
    forceCloseConnections: true, // nobody looks for slow ones any more, and the process would wait for them
    requestTimeout: 5000,
    http: { headersTimeout: 5000 }
  })
  own.setErrorHandler(sendProblem)
  own.setNotFoundHandler(() => {
    throw problem('NOT_FOUND')
  })
  addHeaders(own)
  await own.register(metricsRoutes, { page, token })
  app.addHook('onReady', async () => {
    const address = await own.listen({ host, port })
    app.log.info({ address: `${address}/metrics` }, 'metrics can be read')
  })
  app.addHook('onClose', () => own.close())
}
