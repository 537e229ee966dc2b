// The settings that say whose tokens are believed: one kind of key, and whom its tokens are from and for.

import { Settings } from '../settings.ts'
import { keyOfPem, type PublicKey } from './public-key.ts'

const KEYS = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWKS_URL'] as const
/** The settings that `identityOf` needs. */
export const identityNames = [
  ...KEYS,
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_CLOCK_TOLERANCE_SECONDS',
  'JWT_MAX_LIFETIME_SECONDS'
] as const
type Texts = Partial<Record<(typeof identityNames)[number] | 'TOMBSTONE_DAYS', string>>
type Values = Pick<Settings, (typeof identityNames)[number]>

/** Whose tokens are believed: `secret`, `publicKey` or `jwksUrl` is there, and never two of them. */
export interface Identity {
  secret?: string
  publicKey?: PublicKey
  jwksUrl?: string
  /** What `iss` has to be, and what `aud` has to name; undefined asks for neither. */
  issuer?: string
  audience?: string
  clockToleranceSeconds: number
  /** From `iat` to `exp`, or from now where a token doesn't say when it was issued. */
  maxLifetimeSeconds: number
}

/** Arranged for use. @throws {Error} when the public key is none, which `identityProblems` says before */
export function identityOf(settings: Values): Identity {
  const { JWT_PUBLIC_KEY: pem, JWT_AUDIENCE: audience } = settings
  return {
    secret: settings.JWT_SECRET,
    publicKey: pem ? keyOfPem(pem) : undefined,
    jwksUrl: settings.JWKS_URL,
    issuer: settings.JWT_ISSUER,
    audience: audience === ANYBODY ? undefined : audience,
    clockToleranceSeconds: settings.JWT_CLOCK_TOLERANCE_SECONDS,
    maxLifetimeSeconds: settings.JWT_MAX_LIFETIME_SECONDS
  }
}

const ANYBODY = '*'

/** What is wrong with them, a sentence for each; no key is quoted. */
export function identityProblems(settings: Texts): string[] {
  const { JWT_SECRET: secret, JWT_PUBLIC_KEY: pem, JWKS_URL: url } = settings
  const problems: string[] = []
  const given = KEYS.filter((name) => settings[name])
  if (given.length === 0) problems.push('JWT_SECRET is required, or JWT_PUBLIC_KEY, or JWKS_URL')
  // Whoever expects one of them to be asked would be wrong about the other.
  if (given.length > 1) problems.push(`${given.join(' and ')} cannot be set together`)
  if (secret) problems.push(...secretProblems(secret))
  if (pem) problems.push(...pemProblems(pem))
  if (url && !isSafe(url)) {
    problems.push('JWKS_URL is not an https URL (http is for this machine only)')
  }
  // A shared secret makes tokens for us. Who has a key pair signs for other applications as well, and
  // each of these could use its users' tokens here.
  if (pem || url) {
    if (!settings.JWT_ISSUER) problems.push('JWT_ISSUER is required: what the tokens have as "iss"')
    if (!settings.JWT_AUDIENCE) {
      problems.push('JWT_AUDIENCE is required: what the tokens have as "aud", or * for anything')
    }
  }
  // Forgotten while a token from before lives, an erasure would be undone by whoever has it.
  if (
    numberOf(settings, 'JWT_MAX_LIFETIME_SECONDS') >
    numberOf(settings, 'TOMBSTONE_DAYS') * 86_400
  ) {
    problems.push(
      'JWT_MAX_LIFETIME_SECONDS is more than TOMBSTONE_DAYS: tokens would outlive an erasure'
    )
  }
  return problems
}

function numberOf(settings: Texts, name: 'JWT_MAX_LIFETIME_SECONDS' | 'TOMBSTONE_DAYS') {
  const { default: unset } = Settings.properties[name] as { default?: number }
  return Number(settings[name] ?? unset)
}

function secretProblems(secret: string) {
  const problems: string[] = []
  if (Buffer.byteLength(secret) < 32) problems.push('JWT_SECRET must have at least 32 bytes')
  // Verified as a secret, a public key would let everybody who has it sign tokens.
  if (secret.includes('-----BEGIN') || /"kty"/.test(secret)) {
    problems.push('JWT_SECRET is a key, not a secret (a public one is for JWT_PUBLIC_KEY)')
  }
  return problems
}

function pemProblems(pem: string) {
  try {
    keyOfPem(pem)
    return []
  } catch (err) {
    return [`JWT_PUBLIC_KEY ${(err as Error).message}`]
  }
}

function isSafe(url: string) {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  if (username || password) return false // fetch takes none
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isHere)
}
