// What a token says about its holder, once its signature is known to be good: believed or refused.

import { problem } from '../errors.ts'
import type { Identity } from './settings.ts'

/** The caller: the token's subject and what its `scope` claim allows beyond their own things. */
export interface User {
  id: string
  /** In seconds since 1970; null when the token does not say. */
  issuedAt: number | null
  scopes: readonly string[]
}

type Claims = Record<string, unknown>
type Expected = Pick<
  Identity,
  'issuer' | 'audience' | 'clockToleranceSeconds' | 'maxLifetimeSeconds'
>

/**
 * What a user can be called; whoever is not cannot have anything either. Clients fold `.` and `..`
 * out of an address, and what is left would be about somebody else.
 */
export const SUBJECT = /^(?!\.{1,2}$)[A-Za-z0-9_.:@|-]{1,64}$/

/**
 * The holder of a token, and when it ends, in seconds since 1970. The library has looked at most of
 * this; it has accepted tokens without the claims it was to compare, and each version may again.
 * @throws {Problem} UNAUTHENTICATED
 */
export function holderOf(header: Claims, claims: Claims, expected: Expected, now = Date.now) {
  assertAccessToken(header, claims)
  assertFromAndFor(claims, expected)
  const endsAt = assertCurrent(claims, expected, now() / 1000)
  return { user: userOf(claims), endsAt }
}

// An ID token, a logout token and others are signed by the same key, and say something else (RFC 8725).
function assertAccessToken({ typ = 'JWT' }: Claims, claims: Claims) {
  const type = typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '')
  const isOther = type !== 'jwt' && type !== 'at+jwt'
  // Where all of a provider's tokens are called JWT: Keycloak and Cognito tell them apart by a claim.
  if (isOther || OTHERS.includes(claims.typ) || OTHERS.includes(claims.token_use)) {
    throw refusal('Its type is not that of an access token.')
  }
}

const OTHERS: unknown[] = ['ID', 'Refresh', 'Offline', 'Logout', 'id']

function assertFromAndFor({ iss, aud }: Claims, { issuer, audience }: Expected) {
  if (issuer !== undefined && iss !== issuer) throw refusal('It is from another issuer.')
  // It may be for others, too: a provider adds the address that its own profile is read from.
  const named = Array.isArray(aud) ? aud : [aud]
  if (audience !== undefined && !named.includes(audience))
    throw refusal('It is for another audience.')
}

function assertCurrent(
  { exp, nbf, iat }: Claims,
  { clockToleranceSeconds: tolerance, maxLifetimeSeconds }: Expected,
  seconds: number
) {
  if (!isTime(exp)) throw refusal('The token must expire.')
  const endsAt = exp + tolerance
  if (seconds >= endsAt) throw refusal('The token has expired.')
  if (nbf !== undefined && !(isTime(nbf) && seconds >= nbf - tolerance)) {
    throw refusal('It is not valid yet.')
  }
  if (iat !== undefined && !isTime(iat)) throw refusal('Nobody can say when it was issued.')
  // Issued in the future, it would still count as issued after its user is erased.
  if (iat !== undefined && iat > seconds + MOST_AHEAD) throw refusal('It is from the future.')
  // Longer, and it could outlive what we know of its user's erasure, and whoever lost it.
  if (exp - (iat ?? seconds) > maxLifetimeSeconds) {
    throw refusal(`It lives longer than ${maxLifetimeSeconds} seconds.`)
  }
  return endsAt
}

const isTime = (claim: unknown): claim is number => Number.isFinite(claim)
const MOST_AHEAD = 60

function userOf({ sub, iat, scope, scp }: Claims): User {
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw refusal(`The token's subject must match ${SUBJECT.source}.`)
  }
  // `me` in an address means the caller, so nobody can be called that.
  if (sub === 'me') throw refusal('The subject "me" is reserved.')
  const issuedAt = typeof iat === 'number' ? iat : null
  const scopes = Object.freeze(scopesOf(scope ?? scp))
  return Object.freeze({ id: sub, issuedAt, scopes }) // shared by all requests with this token
}

// Separated by spaces (RFC 8693), or a list, as Okta writes `scp`.
function scopesOf(scope: unknown): string[] {
  if (typeof scope === 'string') return scope.split(' ')
  return Array.isArray(scope) ? scope.filter((one) => typeof one === 'string') : []
}

const refusal = (detail: string) => problem('UNAUTHENTICATED', detail)
