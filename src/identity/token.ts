// directo token: a token for development, from the secret that the service verifies with.

import { createHmac } from 'node:crypto'
import { parseArgs } from 'node:util'

import { SUBJECT } from './claims.ts'
import type { Identity } from './settings.ts'

const AN_ID = 'an id of 1–64 characters of A-Z a-z 0-9 _ . : @ | -, not me, . or ..'

const HELP = `directo token <user> [--seconds 3600] [--scope avatars:admin]

Prints a token for that user, signed with JWT_SECRET and for JWT_ISSUER and JWT_AUDIENCE, where they are
set: to try the API with, as in curl -H "authorization: Bearer $(directo token ada)". It lives an hour, or
so many seconds, JWT_MAX_LIFETIME_SECONDS at most. Several scopes are separated by spaces.`

/** Prints a token. @throws {Error} a sentence, when there is no secret or no such token can be */
export function tokenCommand(readIdentity: () => Identity, argv: string[]) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '3600' },
      scope: { type: 'string' },
      help: { type: 'boolean' }
    }
  })
  if (values.help) return console.log(HELP)
  const [sub = '', ...more] = positionals
  if (!SUBJECT.test(sub) || sub === 'me' || more.length > 0) {
    throw new Error(`Name one user, by ${AN_ID}: directo token ada`)
  }
  const { secret, issuer: iss, audience: aud, maxLifetimeSeconds: most } = readIdentity()
  if (!secret) {
    throw new Error('Without JWT_SECRET, tokens are made where their private key is, not here.')
  }
  const seconds = /^\d{1,9}$/.test(values.seconds) ? Number(values.seconds) : 0
  if (seconds < 1 || seconds > most) throw new Error(`--seconds takes 1 to ${most}`)
  const iat = Math.floor(Date.now() / 1000)
  console.log(sign({ sub, iat, exp: iat + seconds, iss, aud, scope: values.scope }, secret))
}

function sign(claims: object, secret: string) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}
