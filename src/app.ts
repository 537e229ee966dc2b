// The HTTP application: plugins, routes and the error handler; it never listens by itself.

import cors from '@fastify/cors'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyServerOptions
} from 'fastify'

import type { Deps } from './deps.ts'
import { problem } from './errors.ts'
import { registerTokens } from './routes/authenticate.ts'
import { avatarRoutes } from './routes/avatars.ts'
import { countRequests } from './routes/counting.ts'
import { docsRoutes, homeAtDocs } from './routes/docs.ts'
import { addDrain } from './routes/draining.ts'
import { endConnection, refuseAmbiguous } from './routes/framing.ts'
import { addHeaders } from './routes/headers.ts'
import { healthRoutes } from './routes/health.ts'
import { acceptOnlyJson } from './routes/json.ts'
import { registerLimits } from './routes/limit.ts'
import { careful, logged, OneLine } from './routes/logging.ts'
import { gatherMethods } from './routes/methods.ts'
import { serveMetrics } from './routes/metrics.ts'
import { answerGarbage, sendProblem } from './routes/problems.ts'
import { redirectRoutes } from './routes/redirect.ts'
import { HEADER, requestIdOf } from './routes/request-id.ts'
import { shedLoad } from './routes/shed.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { userRoutes } from './routes/users.ts'

/**
 * Builds the service over its dependencies; `logger` is Fastify's, `home` is what is at `/`, `watch`
 * sees the app before it has routes.
 */
export async function buildApp(
  deps: Deps,
  logger: FastifyServerOptions['logger'] = false,
  home: FastifyPluginAsync = homeAtDocs,
  watch: (app: FastifyInstance) => unknown = () => {}
) {
  const app = fastify({
    logger: careful(logger),
    genReqId: requestIdOf,
    logController: new OneLine(),
    bodyLimit: 16 * 1024,
    // What arrives on an open connection while we close is still served: no request is lost.
    return503OnClosing: false,
    clientErrorHandler: answerGarbage,
    // Slow senders are looked for often: with Node's half minute between, a second one would be no limit.
    requestTimeout: 15_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2000,
      requireHostHeader: false // ours is an answer that says so
    },
    connectionTimeout: 150_000, // who reads no answers; longer than any confirm may take
    trustProxy: deps.config.trustedProxies,
    routerOptions: { maxParamLength: 100 },
    // Fastify's defaults drop unknown fields and turn "7" into 7; ours are refused and stay strings.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    // No hook has looked at the request: it counts as one that is not clear.
    frameworkErrors: logged((err, request, reply) =>
      sendProblem(err, request, endConnection(request, reply))
    )
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler(() => {
    throw problem('NOT_FOUND')
  })
  acceptOnlyJson(app as unknown as FastifyInstance)
  addDrain(app as unknown as FastifyInstance)
  refuseAmbiguous(app as unknown as FastifyInstance)
  addHeaders(app as unknown as FastifyInstance)
  countRequests(app as unknown as FastifyInstance, deps.metrics)
  const refuseOtherMethods = gatherMethods(app as unknown as FastifyInstance)
  await watch(app as unknown as FastifyInstance)
  await app.register(cors, {
    origin: deps.config.corsOrigins,
    methods: ['GET', 'POST', 'DELETE'],
    exposedHeaders: ['location', 'retry-after', HEADER],
    maxAge: 600,
    strictPreflight: false
  })
  await shedLoad(app as unknown as FastifyInstance, deps.config.limits.shed)
  await registerLimits(app as unknown as FastifyInstance, deps.config.limits)
  await registerTokens(app, deps.config.identity)
  await app.register(home)
  await app.register(docsRoutes)
  await app.register(uploadRoutes, { prefix: '/api', deps })
  await app.register(avatarRoutes, { prefix: '/api', deps })
  await app.register(userRoutes, { prefix: '/api', deps })
  await app.register(redirectRoutes, { prefix: '/avatars', deps })
  await app.register(healthRoutes, { prefix: '/health', deps })
  await serveMetrics(app as unknown as FastifyInstance, deps)
  refuseOtherMethods()
  return app
}
