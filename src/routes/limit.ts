// Limits in front of routes: by the user that a token names, or by the address where there is none.

import type { FastifyInstance, FastifyRequest } from 'fastify'

import { type Problem, problem } from '../errors.ts'
import { networkOf } from '../limits/address.ts'
import { type Kind, type Limits, openLimits } from '../limits/limits.ts'

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits
  }
}
type Done = (err?: Error) => void

/** Counts for the routes that ask for it. */
export async function registerLimits(
  app: FastifyInstance,
  config: Parameters<typeof openLimits>[0]
) {
  const limits = await openLimits(config, app.log)
  app.decorate('limits', limits)
  app.addHook('onClose', async () => limits.close())
}

/** Hook of a route after `authenticate`: so many count against the user's limit. @throws {Problem} RATE_LIMITED */
export const limitUser =
  (kind: Exclude<Kind, 'addresses'>, countOf = (_: FastifyRequest) => 1) =>
  (request: FastifyRequest, _reply: unknown, done: Done) =>
    take(request, kind, request.user.id, countOf(request), done)

/** Hook of a route that knows no user. @throws {Problem} RATE_LIMITED */
export const limitAddress = (request: FastifyRequest, _reply: unknown, done: Done) =>
  take(request, 'addresses', networkOf(request.ip), 1, done)

/** Passes on why a token is refused, also where no key could tell; who sends many is told 429 instead. */
export function limitRefusals(request: FastifyRequest, refused: Problem, done: Done) {
  limitAddress(request, null, (err) => done(err ?? refused))
}

// Without Redis there is nothing to wait for, and nothing is made for it on each request.
function take({ server }: FastifyRequest, kind: Kind, key: string, count: number, done: Done) {
  const wait = server.limits.take[kind](key, count)
  if (wait === 0) done()
  else if (typeof wait === 'number') done(tooMany(server, kind, wait))
  else void wait.then((ms) => done(ms === 0 ? undefined : tooMany(server, kind, ms)))
}

function tooMany({ limits }: FastifyInstance, kind: Kind, ms: number) {
  const what = kind === 'addresses' ? 'requests from your address' : kind
  return problem('RATE_LIMITED', `More than ${limits.perMinute[kind]} ${what} a minute.`, {
    retryAfterSeconds: Math.ceil(ms / 1000)
  })
}
