// The settings of a CDN before the bucket: all of them or none, and a key that CloudFront takes.

import { createPrivateKey } from 'node:crypto'

const NAMES = ['PUBLIC_ASSET_BASE', 'CLOUDFRONT_KEY_PAIR_ID', 'CLOUDFRONT_PRIVATE_KEY'] as const
type CdnSettings = Partial<Record<(typeof NAMES)[number], string>>

/** Arranged for use; undefined without a CDN. `base` has no slash at its end. */
export function cdnOf(settings: CdnSettings) {
  const { PUBLIC_ASSET_BASE, CLOUDFRONT_KEY_PAIR_ID, CLOUDFRONT_PRIVATE_KEY } = settings
  if (!PUBLIC_ASSET_BASE || !CLOUDFRONT_KEY_PAIR_ID || !CLOUDFRONT_PRIVATE_KEY) return undefined
  // What is signed is what browsers make of an address: `HTTPS://A.example:443` would be refused.
  const base = new URL(PUBLIC_ASSET_BASE).href.replace(/\/+$/, '')
  return { base, keyPairId: CLOUDFRONT_KEY_PAIR_ID, privateKey: pem(CLOUDFRONT_PRIVATE_KEY) }
}

/** What is wrong with them, a sentence for each; a key is never quoted. */
export function cdnProblems(settings: CdnSettings): string[] {
  const { PUBLIC_ASSET_BASE: base, CLOUDFRONT_PRIVATE_KEY: key } = settings
  const problems: string[] = []
  const missing = NAMES.filter((name) => !settings[name])
  if (missing.length === 1 || missing.length === 2) {
    problems.push(`${NAMES.join(', ')} must be set together: ${missing.join(', ')} missing`)
  }
  if (base && !isSafe(base)) {
    problems.push('PUBLIC_ASSET_BASE is not an https URL (http is for this machine only)')
  }
  if (key && !isCloudFrontKey(pem(key))) {
    problems.push('CLOUDFRONT_PRIVATE_KEY is not an RSA private key of 2048 bits, as a PEM')
  }
  return problems
}

function isSafe(base: string) {
  if (!URL.canParse(base)) return false
  const { protocol, hostname } = new URL(base)
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

// CloudFront takes ECDSA keys too, but their signatures are random: no two instances, and no two
// reads, would give the same URL.
function isCloudFrontKey(text: string) {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(text)
    return type === 'rsa' && details?.modulusLength === 2048
  } catch {
    return false
  }
}

// Many places that keep settings keep one line for each.
const pem = (text: string) => text.replaceAll('\\n', '\n')
