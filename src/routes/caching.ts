// What caches may do with an answer that holds signed URLs: keep it for a while, and ask whether it changed.

import { hash } from 'node:crypto'

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'

const headers = {
  etag: { type: 'string', description: 'for `If-None-Match`' },
  'cache-control': { type: 'string', description: 'how long it may be kept' }
}

/** Describes a JSON answer that may be kept. */
export const kept = <Schema extends TSchema>(description: string, schema: Schema) => ({
  description,
  headers,
  content: { 'application/json': { schema } }
})

/** Describes the answer to who has it already. */
export const notModified = {
  304: Type.Unsafe<undefined>({
    type: 'null',
    description: 'What the caller has is still right.',
    headers
  })
}

export interface Freshness {
  /** Everything that the answer depends on; a string that is the same says that the answer is. */
  of: string
  /** In seconds. */
  maxAge: number
  isPublic?: boolean
}

/**
 * Marks an answer with its ETag and how long it may be kept (RFC 9110, RFC 9111).
 * @returns whether the caller has it already: then 304 and no body is the answer
 */
export function isFresh(request: FastifyRequest, reply: FastifyReply, freshness: Freshness) {
  // A hash: the URL itself is a capability, and ETags end in logs.
  const tag = `"${hash('sha256', freshness.of, 'base64url').slice(0, 27)}"`
  reply.header('etag', tag)
  const scope = freshness.isPublic ? 'public' : 'private'
  reply.header('cache-control', `${scope}, max-age=${freshness.maxAge}`)
  // After another has signed in, `me` must not be answered from what the browser kept.
  if (!freshness.isPublic) addVary(reply, 'Authorization')
  return has(request.headers['if-none-match'], tag)
}

function has(condition: string | undefined, tag: string) {
  if (!condition) return false
  const tags = condition.split(',').map((one) => one.trim().replace(/^W\//, ''))
  return tags.includes(tag) || tags.includes('*')
}

function addVary(reply: FastifyReply, name: string) {
  const before = reply.getHeader('vary')
  reply.header('vary', before ? `${before}, ${name}` : name)
}
