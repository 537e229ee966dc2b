// How an instance leaves: it says that it is going, and holds on to no connection.

import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    drain: Drain
  }
}

export interface Drain {
  readonly hasBegun: boolean
  /** From now on it is not ready and each answer ends its connection, but everything is served. */
  begin: () => void
}

/** Gives the app its `drain`, which closing begins too. */
export function addDrain(app: FastifyInstance) {
  let hasBegun = false
  const sockets = new Set<Socket>()
  const begin = () => {
    hasBegun = true
  }
  app.decorate('drain', {
    get hasBegun() {
      return hasBegun
    },
    begin
  })
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('preClose', async () => {
    begin()
    // Browsers open some in advance. Node takes them for busy, and looks for slow ones no more.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    // A kept-alive connection that was busy when we began to close would hold us until killed.
    if (hasBegun) reply.header('connection', 'close')
    done(null, payload)
  })
}
