// Tokens that were verified a moment ago: to check one's signature costs more than to read an avatar.

const KEEP_MS = 30_000 // and by no key that has changed longer than this (T55)
const MOST = 4_000
const LONGEST = 2_048 // so that they never hold more than a few megabytes

interface Entry<User> {
  user: User
  since: number
  until: number
}

/**
 * Remembers who sent a header that was verified, under the whole of that header and nothing less, for
 * half a minute and never beyond the token's own end.
 */
export function rememberVerified<User>(now = Date.now) {
  // Two generations, so that the oldest go without anybody counting: the young become the old.
  let young = new Map<string, Entry<User>>()
  let old = young
  return {
    get(header: string) {
      const entry = young.get(header) ?? old.get(header)
      if (!entry) return undefined
      const at = now()
      // Before it was verified: the clock was set back, and nobody knows for how long it is known.
      return entry.since <= at && at < entry.until ? entry.user : undefined
    },
    /** `endsAt` is when the token does, in seconds since 1970. */
    set(header: string, user: User, endsAt: number) {
      if (header.length > LONGEST) return
      if (young.size >= MOST / 2) {
        old = young
        young = new Map()
      }
      const since = now()
      young.set(header, { user, since, until: Math.min(since + KEEP_MS, endsAt * 1000) })
    }
  }
}
