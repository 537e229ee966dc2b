// A span for each request, below that of the caller who sent a `traceparent`.

import fastifyOtel from '@fastify/otel'
import { ROOT_CONTEXT, type TracerProvider } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'

import { contexts } from './context.ts'

/** To be called before the app has routes. Probes have no spans: balancers ask every second. */
export async function traceRequests(app: FastifyInstance, provider: TracerProvider) {
  const instrumentation = new fastifyOtel.FastifyOtelInstrumentation({
    instrumentHooks: false,
    instrumentHandler: false,
    recordExceptions: false, // their messages quote
    ignorePaths: ({ url }) => url.startsWith('/health/'),
    requestHook: (span, { id, method, routeOptions }) => {
      span.updateName([method, routeOptions.url].filter(Boolean).join(' '))
      span.setAttribute('directo.request_id', id)
    }
  })
  instrumentation.setTracerProvider(provider)
  await app.register(instrumentation.plugin())
  app.addHook('onRequest', (request, reply, done) => {
    const { span } = request.opentelemetry()
    if (span) {
      const { traceId } = span.spanContext()
      request.log = reply.log = request.log.child({ traceId })
    }
    done()
  })
  // Who has waited for a body goes on where the connection is current, and not the request.
  app.addHook('preHandler', (request, _reply, done) => {
    contexts.run(request.opentelemetry().context ?? ROOT_CONTEXT, done)
  })
}
