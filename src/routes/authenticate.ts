// Who is calling: a bearer token's claims, checked, as `request.user`.

import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { problem } from '../errors.ts'
import { rememberVerified } from './verified.ts'

/** The caller: the token's subject and what its `scope` claim allows beyond their own things. */
export interface User {
  id: string
  /** In seconds since 1970; null when the token does not say. */
  issuedAt: number | null
  scopes: readonly string[]
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: Record<string, unknown>
    user: User
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    verified: ReturnType<typeof rememberVerified<User>>
  }
}

/** Teaches the app to verify HS256 tokens; nothing is required of a route before `authenticate`. */
export async function registerTokens(app: FastifyInstance, secret: string) {
  app.decorate('verified', rememberVerified<User>())
  await app.register(fastifyJwt, {
    secret,
    // Pinned: a token chooses neither `none` nor another family of algorithms.
    verify: { algorithms: ['HS256'], requiredClaims: ['exp', 'sub'] }
  })
}

/** Hook of every route that needs a user. @throws {Problem} UNAUTHENTICATED */
export function authenticate(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: (err?: Error) => void
) {
  const user = request.server.verified.get(request.headers.authorization ?? '')
  if (!user) return void verify(request).then(() => done(), done)
  request.user = user
  done()
}

async function verify(request: FastifyRequest) {
  const claims = await request.jwtVerify<Record<string, unknown>>().catch((err: Error) => {
    throw problem('UNAUTHENTICATED', sentences[(err as { code?: string }).code ?? ''])
  })
  const user = userOf(claims)
  request.server.verified.set(request.headers.authorization!, user, claims.exp as number)
  request.user = user
}

const sentences: Record<string, string> = {
  FST_JWT_AUTHORIZATION_TOKEN_EXPIRED: 'The token has expired.',
  FST_JWT_NO_AUTHORIZATION_IN_HEADER: 'An authorization header with a bearer token is required.'
}

// The library accepts tokens that never expire and subjects that are numbers, null or empty.
function userOf({ sub, exp, iat, scope }: Record<string, unknown>): User {
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw problem('UNAUTHENTICATED', `The token's subject must match ${SUBJECT.source}.`)
  }
  // `me` in an address means the caller, so nobody can be called that.
  if (sub === 'me') throw problem('UNAUTHENTICATED', 'The subject "me" is reserved.')
  if (!Number.isSafeInteger(exp)) throw problem('UNAUTHENTICATED', 'The token must expire.')
  const issuedAt = Number.isInteger(iat) && (iat as number) < MAX_TIME ? (iat as number) : null
  const scopes = Object.freeze(typeof scope === 'string' ? scope.split(' ') : [])
  return Object.freeze({ id: sub, issuedAt, scopes }) // shared by all requests with this token
}

/**
 * What a user can be called; whoever is not cannot have anything either. Clients fold `.` and `..`
 * out of an address, and what is left would be about somebody else.
 */
export const SUBJECT = /^(?!\.{1,2}$)[A-Za-z0-9_.:@|-]{1,64}$/

const MAX_TIME = 1e11 // beyond any date a token can mean, within what Postgres can hold

/** Whose things an address is about: `me` is the caller. */
export const named = (userId: string, user: User) => (userId === 'me' ? user.id : userId)

/** @throws FORBIDDEN */
export function assertHas(user: User, scope: string) {
  if (!user.scopes.includes(scope)) throw problem('FORBIDDEN')
}

/** Lets users at what is theirs, and holders of a scope at everybody's. @throws FORBIDDEN */
export function assertMay(user: User, ownerId: string, scope: string) {
  if (user.id !== ownerId) assertHas(user, scope)
}
