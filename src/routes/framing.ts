// Requests that a proxy before us may have read otherwise than we: refused, with all that follows them.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { problem } from '../errors.ts'

/** Refuses what Node lets pass although RFC 9112 wants it refused. @throws {Problem} BAD_REQUEST */
export function refuseAmbiguous(app: FastifyInstance) {
  app.addHook('onRequest', (request, reply, done) => {
    if (isClear(request.raw) && !closing.has(request.raw.socket)) return done()
    endConnection(request, reply)
    done(problem('BAD_REQUEST'))
  })
}

/** The answer is the last on its connection. */
export function endConnection({ raw: { socket } }: FastifyRequest, reply: FastifyReply) {
  closing.add(socket)
  return reply.header('connection', 'close')
}

/** Whether an answer was given, or is under way, after which it closes by itself. */
export const isEnding = (socket: Socket) => closing.has(socket)

// What came in the same packet is handled before the connection is closed.
const closing = new WeakSet<Socket>()

/** Whether it still arrives in pieces, of which a broken one would be answered once more. */
export const isArriving = ({ raw: { headers, complete } }: FastifyRequest) =>
  headers['transfer-encoding'] !== undefined && !complete

// Without a version, with a part that is no part of a target, or with a coding that not all understand.
function isClear(raw: IncomingMessage) {
  const { url, method, headers, rawHeaders } = raw
  const coding = headers['transfer-encoding']
  const hasBody = method !== 'GET' && method !== 'HEAD'
  if (coding !== undefined && !(coding === 'chunked' && hasBody)) return false
  if (raw.httpVersionMajor < 1 || url!.includes('#')) return false
  return namesOnce(rawHeaders, headers.host, raw.httpVersion === '1.0')
}

// Node takes the first of several, others the last.
function namesOnce(rawHeaders: string[], host: string | undefined, isOld: boolean) {
  let hosts = 0
  let tokens = 0
  let types = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 13 && name.toLowerCase() === 'authorization') tokens++
    else if (name.length === 12 && name.toLowerCase() === 'content-type') types++
  }
  if (tokens > 1 || types > 1) return false
  return hosts === 1 ? HOST.test(host!) : hosts === 0 && isOld
}

const HOST = /^[\w.:[\]%~-]*$/
