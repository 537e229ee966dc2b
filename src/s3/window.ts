// Windows of time: what is signed inside one is the same on every instance.

export interface Lifetime {
  /** How long a URL lives, counted from the start of its window. */
  seconds: number
  now: Date
}

export interface Window {
  startsAt: Date
  endsAt: Date
  seconds: number
}

/** What a window must leave of every URL's life. */
export const windowMs = (seconds: number) => Math.floor(seconds / 2) * 1000

/**
 * A URL lives for two windows, from the start of the current one: every instance hands out the same
 * URL, caches can keep it, and at least half of its life is always left.
 */
export function windowOf({ seconds, now }: Lifetime): Window {
  const length = windowMs(seconds)
  const startsAt = new Date(Math.floor(now.getTime() / length) * length)
  return { startsAt, endsAt: new Date(startsAt.getTime() + seconds * 1000), seconds }
}
