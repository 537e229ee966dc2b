// Requests that a proxy before us may have read otherwise than we: refused, with all that follows them.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

import { problem } from '../errors.ts'

/** Refuses what Node lets pass although RFC 9112 wants it refused. @throws {Problem} BAD_REQUEST */
export function refuseAmbiguous(app: FastifyInstance) {
  // What came in the same packet is handled before the connection is closed.
  const closing = new WeakSet<Socket>()
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    if (isClear(request.raw) && !closing.has(socket)) return done()
    closing.add(socket)
    reply.header('connection', 'close')
    done(problem('BAD_REQUEST'))
  })
}

// Without a version, with two hosts or none, or with a coding besides `chunked` that ends a body elsewhere.
function isClear({ headers, rawHeaders, httpVersionMajor, httpVersion }: IncomingMessage) {
  const coding = headers['transfer-encoding']
  if (httpVersionMajor < 1 || (coding !== undefined && coding !== 'chunked')) return false
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  const isNamed = hosts === 1 && HOST.test(headers.host!)
  return isNamed || (hosts === 0 && httpVersion === '1.0')
}

const HOST = /^[\w.:[\]%~-]*$/
