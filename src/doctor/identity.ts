// Checks: the keys that tokens are verified with can be had.

import type { Config } from '../config.ts'
import { fetchKeys } from '../identity/key-set.ts'
import { type Check, fail, pass } from './check.ts'
import { sentence } from './errors.ts'

export const identity = ({ identity: { jwksUrl } }: Config): Check[] =>
  jwksUrl ? [{ name: 'keys of tokens', run: () => keysAt(jwksUrl) }] : []

async function keysAt(url: string) {
  try {
    const keys = await fetchKeys(url)
    const kinds = new Set(keys.flatMap(({ algorithms }) => algorithms))
    return pass(`${keys.length} at ${url}, for ${[...kinds].join(', ')}`)
  } catch (err) {
    return fail(
      `${url}: ${sentence(err)}`,
      'look at JWKS_URL: no token can be verified without them'
    )
  }
}
