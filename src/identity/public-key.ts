// Public keys that tokens may be verified with, and the algorithms that each kind of them is for.

import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** `pem` is SPKI; `algorithms` are the only ones that a token signed by this key may name. */
export interface PublicKey {
  pem: string
  algorithms: Algorithm[]
}

/** The algorithms of tokens that a public key verifies. */
export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type Algorithm = (typeof algorithms)[number]

/** @throws {Error} that goes on from the name of the setting; the key is not quoted */
export function keyOfPem(text: string): PublicKey {
  const pem = text.replaceAll('\\n', '\n') // many places that keep settings keep one line for each
  // Node makes a public key of it, and nobody would learn that the private one is lying around.
  if (pem.includes('PRIVATE KEY'))
    throw new Error('is a private key: keep it where tokens are made')
  return publicKey(() => createPublicKey(pem))
}

/**
 * One member of a key set, with its `kid` where it has one.
 * @throws {Error} when it is none that tokens may be verified with, such as a symmetric or private one
 */
export function keyOfJwk(jwk: Jwk): PublicKey & { kid?: string } {
  const { kid, use = 'sig', key_ops: uses = ['verify'], alg } = jwk
  if ('d' in jwk) throw new Error('is not public') // whoever can read the set could sign
  if (use !== 'sig' || !uses.includes('verify')) throw new Error('is not for signatures')
  const key = publicKey(() => createPublicKey({ key: jwk, format: 'jwk' }))
  // Narrower than the kind of key, where the set says so; Ed25519 is the newer name of EdDSA.
  const named = alg === 'Ed25519' ? 'EdDSA' : alg
  const algorithms = key.algorithms.filter((it) => named === undefined || it === named)
  if (algorithms.length === 0) throw new Error(`is for ${alg}`)
  return { ...key, algorithms, ...(typeof kid === 'string' && { kid }) }
}

export type Jwk = JsonWebKey & { kid?: unknown; use?: string; key_ops?: string[]; alg?: string }

function publicKey(read: () => KeyObject): PublicKey {
  const key = readable(read)
  const algorithms = algorithmsOf(key)
  if (!algorithms) throw new Error('is not RSA of 2048 bits or more, P-256 or Ed25519')
  return { pem: key.export({ type: 'spki', format: 'pem' }) as string, algorithms }
}

function readable(read: () => KeyObject) {
  try {
    return read()
  } catch {
    throw new Error('is not a public key') // OpenSSL's own sentence helps nobody
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm[] | null {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails ?? {}
  if (asymmetricKeyType === 'rsa' && modulusLength >= 2048) return ['RS256', 'PS256']
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return ['ES256']
  return asymmetricKeyType === 'ed25519' ? ['EdDSA'] : null
}
