// One request from its arrival to the end of its answer, misbehaviour included.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

import { type Answer, errorAnswer } from './answer.ts'
import { type Call, readCall } from './call.ts'
import { corsHeaders } from './cors.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import type { Outcome, Rule } from './misbehave.ts'
import { perform } from './perform.ts'

/** What came and how it was answered; status 0 as long as it was not. */
export interface LoggedRequest {
  verb: Call['verb']
  bucket: string
  key: string
  status: number
}

const LOGGED_REQUESTS = 10_000
const DRAIN_BYTES = 64 * 1024 * 1024 // a body that nobody wants and that is longer ends the connection

export async function exchange(
  deps: Deps,
  log: LoggedRequest[],
  request: IncomingMessage,
  response: ServerResponse,
  waitsForContinue: boolean
) {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  let owesContinue = waitsForContinue
  const body = () => {
    if (owesContinue) response.writeContinue()
    owesContinue = false
    return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  }
  const refuse = (error: unknown) =>
    errorAnswer(asS3Error(error), request.url!.split('?')[0]!, requestId)
  const reply = (answer: Answer) => send(deps, request, response, answer, requestId)
  let call: Call
  try {
    call = readCall(request, body)
  } catch (error) {
    return reply(refuse(error))
  }
  const entry = { verb: call.verb, bucket: call.bucket, key: call.key, status: 0 }
  log.push(entry)
  if (log.length > LOGGED_REQUESTS) log.shift()
  const outcome = await decide(deps, call, refuse).catch(refuse)
  if (outcome === 'hang') return
  if (outcome === 'reset') return request.socket.resetAndDestroy()
  if (response.destroyed) return drop(outcome.body) // the client is gone
  Object.assign(entry, { key: call.key, status: outcome.status })
  const headers = { ...outcome.headers, ...corsHeaders(deps, call) }
  await reply({ ...outcome, headers }).catch((error) => reply(refuse(error)))
}

async function decide(
  deps: Deps,
  call: Call,
  refuse: (error: unknown) => Answer
): Promise<Outcome> {
  const rules = deps.misbehave.rulesFor(call)
  for (const rule of rules) await rule.before?.(call)
  const instead = rules.find((rule) => rule.instead)?.instead
  const answer = instead ? instead() : await perform(deps, call).catch(refuse)
  for (const rule of rules) await rule.after?.(call)
  return rules.reduce((outcome, rule) => rewritten(outcome, rule, call), answer)
}

function rewritten(outcome: Outcome, { rewrite }: Rule, call: Call): Outcome {
  return rewrite && typeof outcome === 'object' ? rewrite(outcome, call) : outcome
}

function drop(body: Answer['body']) {
  if (typeof body === 'object') body.destroy() // or its file stays open
}

function asS3Error(error: unknown): S3Error {
  return error instanceof S3Error ? error : new S3Error('InternalError', String(error))
}

async function send(
  { now }: Deps,
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
  requestId: string
) {
  response.sendDate = false
  response.writeHead(status, {
    date: now().toUTCString(),
    server: 'directo-sandbox',
    'x-amz-request-id': requestId,
    ...lengthOf(body, status, request),
    ...headers
  })
  if (typeof body === 'object') {
    await pipeline(body, response).catch(() => request.socket.resetAndDestroy())
  } else response.end(request.method === 'HEAD' ? undefined : body)
  drain(request)
}

function lengthOf(body: Answer['body'], status: number, { method }: IncomingMessage) {
  if (typeof body === 'object' || method === 'HEAD' || status === 204 || status === 304) return {}
  return { 'content-length': Buffer.byteLength(body ?? '') }
}

// What is left of the body has to go before the connection can carry another request.
function drain(request: IncomingMessage) {
  let left = DRAIN_BYTES
  request.removeAllListeners('readable')
  request.on('data', (bytes: Buffer) => {
    left -= bytes.length
    if (left < 0) request.destroy()
  })
  request.resume()
}
