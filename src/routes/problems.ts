// How errors look on the wire: application/problem+json (RFC 9457) with a stable code.

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError
} from 'fastify'
import { Type } from 'typebox'

import { isDatabaseAway, withoutQuery } from '../db/errors.ts'
import { catalogue, Problem, type ProblemCode, problem } from '../errors.ts'
import { Reason } from '../reasons.ts'
import { endConnection, isArriving, isEnding } from './framing.ts'
import { headers, setHeaders } from './headers.ts'
import { HEADER, requestIdOf } from './request-id.ts'

/**
 * Response schemas for the errors a route can answer, grouped by status as OpenAPI wants them.
 * Those that any route can answer need not be named.
 */
export function problems(...codes: ProblemCode[]) {
  const verified = codes.includes('UNAUTHENTICATED') ? ofUsers : []
  const all = [...codes, ...verified, ...everywhere]
  const byStatus = Object.groupBy(all, (code) => catalogue[code][0])
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes = []]) => [status, answer(codes)])
  )
}

const everywhere: ProblemCode[] = [
  'BAD_REQUEST',
  'INVALID_REQUEST',
  'NOT_FOUND',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'INTERNAL'
]

const ofUsers: ProblemCode[] = ['IDENTITY_UNAVAILABLE', 'RATE_LIMITED', 'OVERLOADED']

/** What any call can meet that may have a body: all but GET. */
export const ofBodies: ProblemCode[] = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']

function answer(codes: ProblemCode[]) {
  const description = codes.map((code) => `\`${code}\` ${catalogue[code][1]}`).join('\n\n')
  const examples = Object.fromEntries(codes.map((code) => [code, { value: example(code) }]))
  const content = { 'application/problem+json': { schema: body(codes), examples } }
  return { description, headers: headersOf(codes), content }
}

function headersOf(codes: ProblemCode[]) {
  const isRepeatable = codes.some((code) => catalogue[code][2])
  return {
    ...(isRepeatable && {
      'retry-after': { type: 'integer', description: 'seconds after which to try again' }
    }),
    ...(codes.includes('UNAUTHENTICATED') && {
      'www-authenticate': { type: 'string', description: 'how to authenticate: `Bearer`' }
    })
  }
}

function example(code: ProblemCode) {
  const reasons: Reason[] = [{ code: 'SIZE_MISMATCH', declared: '52341 bytes', found: '17 bytes' }]
  return document(problem(code, undefined, code === 'OBJECT_REJECTED' ? { reasons } : {}))
}

const body = (codes: ProblemCode[]) =>
  Type.Object(
    {
      type: Type.Literal('about:blank'),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.Enum(codes),
      detail: Type.String(),
      reasons: Type.Optional(Type.Array(Reason))
    },
    { additionalProperties: false }
  )

declare module 'fastify' {
  interface FastifyReply {
    /** Of an answer that is a problem. */
    problem?: string
  }
}

/** Answers any error; what is not in the catalogue is for the log, and said to nobody. */
export function sendProblem(err: unknown, request: FastifyRequest, reply: FastifyReply) {
  // Who has gone away in the middle of a body: the code is that of a lost database.
  const told = err === request.raw.errored ? problem('BAD_REQUEST') : asProblem(err)
  const { status, code, message, retryAfterSeconds } = told
  // To refuse must cost less than to serve, and an error with its stack costs most of all.
  if (code === 'OVERLOADED') request.log.warn({ code }, message)
  else if (status >= 500 && code !== 'INSTANCE_CLOSING')
    request.log.error({ err: withoutQuery(told.cause ?? err), code }, message)
  reply.problem = code
  request.server.metrics?.problems[code as ProblemCode].add()
  // A 404 may be over at once, but caches may keep one that says nothing.
  setHeaders(reply).header('cache-control', 'no-store')
  if (isArriving(request)) endConnection(request, reply)
  if (retryAfterSeconds) reply.header('retry-after', retryAfterSeconds)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/problem+json').send(document(told))
}

/** Answers what is not even HTTP, or came too slowly: there is no request yet, only a socket. */
export function answerGarbage(
  this: Pick<FastifyInstance, 'log' | 'metrics'>,
  err: Error & { code?: string },
  socket: Socket
) {
  if (isEnding(socket)) return // one answer is enough
  if (!socket.writable) return void socket.destroySoon() // such as one that its client has reset
  const requestId = requestIdOf({ headers: {} })
  const told = problem(connection[err.code ?? ''] ?? 'BAD_REQUEST')
  const body = JSON.stringify(document(told))
  const head = [
    `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    `${HEADER}: ${requestId}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  ]
  this.metrics?.broken.add()
  this.log.info({ requestId, status: told.status, code: err.code }, 'refused as it came')
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

const connection: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT'
}

const document = ({ status, code, message: detail, reasons }: Problem) => ({
  type: 'about:blank',
  title: STATUS_CODES[status],
  status,
  code,
  detail,
  reasons
})

function asProblem(err: unknown): Problem {
  if (err instanceof Problem) return err
  if (isDatabaseAway(err)) return problem('DATABASE_UNAVAILABLE', undefined, { cause: err })
  const { validation, code, statusCode = 500, message } = err as FastifyError
  if (validation) return problem('INVALID_REQUEST', sentence(message, validation[0]))
  if (code in parsing) return problem(parsing[code]!)
  if (statusCode < 500) return problem('BAD_REQUEST')
  return problem('INTERNAL', undefined, { cause: err })
}

// Ajv says that something is wrong, but not which field or which values would be right.
function sentence(message: string, { keyword, params }: Validation = { keyword: '', params: {} }) {
  if (keyword === 'additionalProperties') return `${message}: ${params.additionalProperty}.`
  if (keyword === 'enum') return `${message}: ${params.allowedValues}.`
  return `${message}.`
}

type Validation = Pick<FastifySchemaValidationError, 'keyword' | 'params'>

const parsing: Record<string, ProblemCode> = {
  FST_ERR_MAX_PARAM_LENGTH: 'NOT_FOUND',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE'
}
