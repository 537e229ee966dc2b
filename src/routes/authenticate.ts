// Who is calling: a bearer token's claims, checked, as `request.user`.

import fastifyJwt, { type FastifyJWTOptions, type TokenOrHeader } from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { Problem, problem } from '../errors.ts'
import { holderOf, type User } from '../identity/claims.ts'
import { type KeySet, openKeySet } from '../identity/key-set.ts'
import { type Algorithm, algorithms as publicKeyAlgorithms } from '../identity/public-key.ts'
import type { Identity } from '../identity/settings.ts'
import { limitRefusals } from './limit.ts'
import { rememberVerified } from './verified.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: Claims
    user: User
  }
}
type Claims = Record<string, unknown>

declare module 'fastify' {
  interface FastifyInstance {
    identity: Identity
    verified: ReturnType<typeof rememberVerified<User>>
    /** Only where keys are fetched. */
    keySet?: KeySet
  }
}

/** Teaches the app to verify tokens; nothing is required of a route before `authenticate`. */
export async function registerTokens(app: FastifyInstance, identity: Identity) {
  const warn = (err: unknown) => app.log.warn({ err }, 'the keys of tokens cannot be fetched')
  const keySet = identity.jwksUrl ? openKeySet(identity.jwksUrl, warn) : undefined
  app.decorate('identity', identity)
  app.decorate('verified', rememberVerified<User>())
  app.decorate('keySet', keySet)
  const { secret, algorithms } = verification(identity, keySet)
  const { issuer, audience } = identity
  await app.register(fastifyJwt, {
    secret,
    decode: { complete: true },
    verify: {
      // Pinned: a token chooses neither `none` nor another family of algorithms.
      algorithms,
      requiredClaims: ['exp', 'sub', ...(issuer ? ['iss'] : []), ...(audience ? ['aud'] : [])],
      allowedIss: issuer,
      allowedAud: audience,
      clockTolerance: identity.clockToleranceSeconds * 1000,
      complete: true
    }
  })
  // Not awaited: a provider that is away does not keep us from starting.
  app.addHook('onReady', async () => void keySet?.refresh())
}

type Verification = { secret: FastifyJWTOptions['secret']; algorithms: ('HS256' | Algorithm)[] }

function verification({ secret, publicKey }: Identity, keySet?: KeySet): Verification {
  if (secret) return { secret, algorithms: ['HS256'] }
  if (publicKey) return { secret: { public: publicKey.pem }, algorithms: publicKey.algorithms }
  const find = async (_request: FastifyRequest, token: TokenOrHeader) => {
    const key = await keySet!.find((token as { header: Claims }).header)
    if (!key) throw problem('UNAUTHENTICATED', 'No key of the issuer fits the token.')
    return key
  }
  return { secret: { public: find }, algorithms: [...publicKeyAlgorithms] }
}

/** Hook of every route that needs a user. @throws {Problem} UNAUTHENTICATED, RATE_LIMITED, IDENTITY_UNAVAILABLE */
export function authenticate(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: (err?: Error) => void
) {
  const user = request.server.verified.get(request.headers.authorization ?? '')
  if (!user) {
    return void verify(request).then(
      () => done(),
      (refused) => limitRefusals(request, refused, done)
    )
  }
  request.user = user
  done()
}

async function verify(request: FastifyRequest) {
  const { identity, verified } = request.server
  const { header, payload } = await request.jwtVerify<Complete>().catch((err: Error) => {
    if (err instanceof Problem) throw err
    throw problem('UNAUTHENTICATED', sentences[(err as { code?: string }).code ?? ''])
  })
  const { user, endsAt } = holderOf(header, payload, identity)
  verified.set(request.headers.authorization!, user, endsAt)
  request.user = user
}

type Complete = { header: Claims; payload: Claims }

const sentences: Record<string, string> = {
  FST_JWT_AUTHORIZATION_TOKEN_EXPIRED: 'The token has expired.',
  FST_JWT_NO_AUTHORIZATION_IN_HEADER: 'An authorization header with a bearer token is required.'
}

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
