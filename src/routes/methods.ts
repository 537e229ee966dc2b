// What an address answers to a method that it does not take: 405 with those that it takes.

import type { FastifyInstance, HTTPMethods } from 'fastify'

import { problem } from '../errors.ts'

/**
 * Remembers the methods of the routes that are added from now on.
 * @returns adds, for each of their addresses, an answer to all other methods
 */
export function gatherMethods(app: FastifyInstance) {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return // what CORS answers, and no address of ours
    const methods = taken.get(url) ?? new Set()
    taken.set(url, methods)
    for (const one of [method].flat()) methods.add(one)
  })
  return () => {
    for (const [url, methods] of [...taken]) refuse(app, url, [...methods])
  }
}

function refuse(app: FastifyInstance, url: string, methods: string[]) {
  const others = app.supportedMethods.filter((method) => !methods.includes(method))
  const allow = methods.toSorted().join(', ')
  app.route({
    method: others.filter((method) => method !== 'OPTIONS') as HTTPMethods[],
    url,
    schema: { hide: true } as object,
    // Before a body is parsed, and to whoever asks: what can be done here is in /openapi.json.
    onRequest: (_request, reply) => {
      reply.header('allow', allow)
      throw problem('METHOD_NOT_ALLOWED')
    },
    handler: () => {}
  })
}
