// The headers that every answer has.

import type { FastifyInstance, FastifyReply } from 'fastify'

import { HEADER } from './request-id.ts'

// Fixed, for helmet puts the same ones together anew for each answer: a fifth of what one costs.
export const headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'", // /docs has its own
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer', // an address here may end in a user's id
  'cross-origin-resource-policy': 'cross-origin', // pages of other origins show avatars
  'strict-transport-security': 'max-age=31536000; includeSubDomains'
}

export function addHeaders(app: FastifyInstance) {
  app.addHook('onRequest', (_request, reply, done) => {
    setHeaders(reply)
    done()
  })
}

/** Also where no hook has run. */
export const setHeaders = (reply: FastifyReply) =>
  reply.headers(headers).header(HEADER, reply.request.id)
