// Signed GET URLs, the same on every instance for as long as one window of time lasts.

import type { S3 } from './bucket.ts'
import { unavailable } from './call.ts'
import { type Credentials, type HeldCredentials, MARGIN_MS } from './credentials.ts'
import type { FindPlace, Place } from './place.ts'
import { earlier } from './sign.ts'
import { prepare } from './sigv4.ts'
import { type Lifetime, type Window, windowMs, windowOf } from './window.ts'

const MOST_URLS = 10_000 // about 7 MB; the same people are shown again and again

/** What a URL shows. */
export interface Shown {
  key: string
  contentType: string
}

export type UrlFacts = Shown & Lifetime

export interface SignedUrl {
  url: string
  /** When it really stops working: at its own end or, if earlier, before that of the credentials. */
  expiresAt: Date
}

/** Signs one object's URL, at once. */
export type SignUrl = (object: Shown) => SignedUrl

/**
 * Looks for the credentials once, and returns what signs as many URLs as are wanted now: as of the
 * start of the current window, for two windows.
 * @throws {Problem} STORAGE_UNAVAILABLE when there are no credentials, or none in time
 */
export async function openSigner(s3: S3, lifetime: Lifetime): Promise<SignUrl> {
  if (s3.cdn) return s3.cdn(windowOf(lifetime))
  try {
    return await s3.signUrls(s3, lifetime)
  } catch (err) {
    throw unavailable(err)
  }
}

/** One URL, as of the start of the current window. */
export async function presignGet(s3: S3, facts: UrlFacts): Promise<SignedUrl> {
  const sign = await openSigner(s3, facts)
  return sign(facts)
}

/** What signs URLs; it remembers the last window's signer. */
export function urlSigner(placeFor: FindPlace, credentialsFor: HeldCredentials) {
  let last: { window: Window; credentials: Credentials; place: Place; sign: SignUrl } | undefined

  return async function signUrls(
    { name, deadlineMs }: Pick<S3, 'name' | 'deadlineMs'>,
    lifetime: Lifetime
  ): Promise<SignUrl> {
    const { seconds, now } = lifetime
    const found = credentialsFor({ now, ms: windowMs(seconds), deadlineMs })
    const credentials = found instanceof Promise ? await found : found
    const known = placeFor(name, deadlineMs)
    const place = known instanceof Promise ? await known : known
    const window = windowOf(lifetime)
    if (last && isSame(last, { window, credentials, place })) return last.sign
    const sign = signerOf(place, credentials, window)
    last = { window, credentials, place, sign }
    return sign
  }
}

type Sheet = { window: Window; credentials: Credentials; place: Place }

const isSame = (one: Sheet, other: Sheet) =>
  one.credentials === other.credentials &&
  one.place === other.place &&
  one.window.seconds === other.window.seconds &&
  one.window.startsAt.getTime() === other.window.startsAt.getTime()

function signerOf(place: Place, credentials: Credentials, window: Window): SignUrl {
  const sign = prepare(place, credentials, window)
  const { expiration } = credentials
  const end = expiration && new Date(expiration.getTime() - MARGIN_MS)
  const expiresAt = earlier(window.endsAt, end)
  const urls = new Map<string, string>()
  return ({ key, contentType }) => {
    const name = `${contentType} ${key}`
    let url = urls.get(name)
    if (!url) {
      if (urls.size === MOST_URLS) urls.clear()
      url = sign(key, contentType)
      urls.set(name, url)
    }
    return { url, expiresAt }
  }
}
