// Signed URLs of CloudFront, for a bucket that is read through it.

import { createPrivateKey } from 'node:crypto'

import { getSignedUrl } from '@aws-sdk/cloudfront-signer'

import type { Config } from '../config.ts'
import type { Shown, SignUrl } from './signed-url.ts'
import { DISPOSITION } from './sigv4.ts'
import type { Window } from './window.ts'

const MOST_URLS = 10_000 // about 10 MB; an RSA signature costs a hundred times what S3's does

/**
 * Signs for the CDN with a canned policy, until the end of two windows. RSA signs the same text
 * the same way every time, so here too every instance hands out the same URL. No credentials of S3
 * are involved, and none can end it early.
 */
export function openCdn({ base, keyPairId, privateKey }: NonNullable<Config['s3']['cdn']>) {
  const key = createPrivateKey(privateKey) as unknown as Buffer // parsed once; the types know PEM only
  let urls = new Map<string, string>()
  let endsMs = 0

  return function signerOf({ endsAt }: Window): SignUrl {
    const sign = (url: string) =>
      getSignedUrl({ url, keyPairId, privateKey: key, dateLessThan: endsAt.toISOString() })
    return (object) => {
      if (endsAt.getTime() !== endsMs) {
        urls = new Map()
        endsMs = endsAt.getTime()
      }
      const plain = plainUrl(base, object)
      return { url: remembered(urls, plain, sign), expiresAt: endsAt }
    }
  }
}

function plainUrl(base: string, { key, contentType }: Shown) {
  const path = key.split('/').map(encodeURIComponent).join('/')
  const type = encodeURIComponent(contentType)
  const disposition = encodeURIComponent(DISPOSITION)
  return `${base}/${path}?response-content-disposition=${disposition}&response-content-type=${type}`
}

/** A Map keeps its order: what nobody asked for the longest time is first, and goes first. */
export function remembered(
  urls: Map<string, string>,
  plain: string,
  sign: (plain: string) => string,
  most = MOST_URLS
) {
  const url = urls.get(plain) ?? sign(plain)
  urls.delete(plain)
  urls.set(plain, url)
  if (urls.size > most) urls.delete(urls.keys().next().value!)
  return url
}
