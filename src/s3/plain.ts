// The calls of a confirm, sent as they are: the SDK around one takes five times what the call itself does.

import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

import type { S3Client } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import type { HeldCredentials } from './credentials.ts'
import { rememberPlaces } from './place.ts'
import { authorize, encodePath } from './sigv4.ts'

export interface PlainRequest {
  method: 'GET' | 'HEAD' | 'PUT'
  key: string
  /** Their names in lower case; all are signed. */
  headers: Record<string, string>
  /** How many bytes of an answer are welcome. */
  most: number
  abortSignal: AbortSignal
}

export interface PlainAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Of an answer in XML, in bytes. */
export const MOST_XML = 16_384

/** The code of the error that an answer tells of, whatever its status. */
export const codeOf = ({ body }: PlainAnswer) =>
  /<Code[^>]*>(\w+)<\/Code>/.exec(body.toString())?.[1]

const CONNECT_MS = 2_000
const PAUSE_MS = 100

/**
 * Asks once without the SDK. Null where that is no answer, or one by which a store says that it is
 * busy or broken: then the SDK is to ask, which knows when to try again and what errors mean.
 */
export async function tryPlain(s3: Pick<S3, 'name' | 'deadlineMs' | 'plain'>, asked: PlainRequest) {
  try {
    const answer = await s3.plain.send(s3, asked)
    if (answer.status < 500 && answer.status !== 429) return answer
    await sleep(Math.random() * PAUSE_MS, undefined, { signal: asked.abortSignal })
  } catch {
    asked.abortSignal.throwIfAborted()
  }
  return null
}

/**
 * Sends one request without a body, once, and takes the answer whatever its status: what it means, and
 * whether to try again, is for the caller to know.
 */
export function openPlain(client: S3Client, credentialsFor: HeldCredentials) {
  // Not those that a store may be about to close for having been idle; most wait five seconds.
  const options = { keepAlive: true, maxSockets: 100, timeout: 2_000 }
  const schemes = {
    'http:': { request: http.request, agent: new http.Agent(options) },
    'https:': { request: https.request, agent: new https.Agent(options) }
  }
  const placeFor = rememberPlaces(client)

  async function send({ name, deadlineMs }: Pick<S3, 'name' | 'deadlineMs'>, asked: PlainRequest) {
    // Where the SDK has found our clock to be wrong, it knows by how much.
    const now = new Date(Date.now() + client.config.systemClockOffset)
    const wanted = { now, ms: deadlineMs, deadlineMs, marginMs: 0 }
    // One after the other: of two that fail together, nobody would hear of the second.
    const found = credentialsFor(wanted)
    const credentials = found instanceof Promise ? await found : found
    const place = placeFor(name, deadlineMs)
    const { host, hostname, port, protocol, path, keyOf } =
      place instanceof Promise ? await place : place
    const { agent, request } = schemes[protocol as keyof typeof schemes]
    const { method, key, most, abortSignal } = asked
    const target = `${path}/${encodePath(key)}`
    const headers = authorize({ host, keyOf }, credentials, {
      method,
      path: target,
      headers: asked.headers,
      now
    })
    const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>()
    const sent = request({
      agent,
      hostname,
      port,
      method,
      path: target,
      headers: { ...headers, 'user-agent': 'directo' }, // some firewalls want one
      signal: abortSignal
    })
    sent.on('error', reject)
    // Node says nothing of an answer that changes the protocol, not even when it is aborted later.
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(new Error('an answer that changes the protocol'))
    })
    sent.on('socket', (socket) => {
      if (!socket.connecting) return
      const giveUp = () => sent.destroy(new Error(`no connection within ${CONNECT_MS} ms`))
      const timer = setTimeout(giveUp, CONNECT_MS)
      socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
    })
    sent.on('response', (response) => collect(response, most, resolve, reject))
    sent.end()
    return promise
  }

  const destroy = () => Object.values(schemes).forEach(({ agent }) => void agent.destroy())
  return { send, destroy }
}

function collect(
  response: IncomingMessage,
  most: number,
  resolve: (answer: PlainAnswer) => void,
  reject: (err: Error) => void
) {
  const { statusCode = 0, headers } = response
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    // Otherwise a store or proxy that ignores the range would hand us the whole object, however large.
    if (length > most) response.destroy(new Error(`more than ${most} bytes`))
  })
  response.on('error', reject)
  response.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)
    resolve({ status: statusCode, headers, body })
  })
}
