// Whether credentials live long enough for the URLs that are to be signed with them.

import type { S3 } from './bucket.ts'
import { type Credentials, MARGIN_MS } from './credentials.ts'
import { inTime, sign } from './sign.ts'
import { type Lifetime, windowMs } from './window.ts'

/**
 * Asks for credentials and then for new ones, and says what is wrong with these; null if nothing
 * is, and also when there are none: they may come later.
 */
export async function lifeProblem(s3: S3, lifetime: Lifetime): Promise<string | null> {
  if (s3.cdn) return null
  const provide = s3.signer.config.credentials
  const asked = async () => {
    const before = await provide()
    if (!before.expiration) return null
    return tooShort(before, await provide({ forceRefresh: true }), lifetime)
  }
  return inTime(asked(), s3.deadlineMs).catch(() => null)
}

/**
 * Judges new credentials alone: a machine's role gives the same ones again until shortly before
 * their end, and how long they lived in all nobody says.
 */
export function tooShort(before: Credentials, after: Credentials, { seconds, now }: Lifetime) {
  const ends = after.expiration?.getTime()
  if (!ends || ends === before.expiration?.getTime()) return null
  const livesMs = ends - now.getTime()
  if (livesMs >= windowMs(seconds) + MARGIN_MS) return null
  const lives = Math.floor(livesMs / 1000)
  const most = Math.max(0, 2 * (lives - MARGIN_MS / 1000))
  return (
    `URL_SECONDS=${seconds} cannot be kept: new credentials live ${lives} s, ` +
    `and half of a URL's life is promised to be left (with these, at most URL_SECONDS=${most})`
  )
}

/**
 * When the credentials that the SDK has at hand end; null when they do not say.
 * @throws {Problem} STORAGE_UNAVAILABLE when there are none, or none in time
 */
export const credentialsEnd = (s3: S3) => sign(s3, async (expiration) => expiration ?? null)
