// What each caller may still do: a minute's worth at once, which fills up again all the time.

const MINUTE_MS = 60_000
const ROUNDING_MS = 0.5 // of sums of fractions: the last of so many must still fit
const MOST = 50_000

export type Buckets = ReturnType<typeof openBuckets>

/** Buckets for so many a minute, held by this process; at most so many callers are remembered. */
export function openBuckets(perMinute: number, now = () => performance.now(), most = MOST) {
  // By caller, the time at which the bucket is full again (GCRA): a number each. Two generations, as the
  // young become the old, so that a flood of callers costs a bounded amount of memory.
  let young = new Map<string, number>()
  let old = young
  const fullAt = (key: string) => young.get(key) ?? old.get(key) ?? 0

  const buckets = {
    /** What so many take of a bucket, in ms of its filling; never more than all of it, or they could never be had. */
    costMs: (count: number) => Math.min((count * MINUTE_MS) / perMinute, MINUTE_MS),
    /** How long until so many can be had, in ms; 0 is now. */
    waitMs(key: string, count: number) {
      const ms = fullAt(key) - now() + buckets.costMs(count) - MINUTE_MS
      return ms > ROUNDING_MS ? ms : 0
    },
    /** Takes so many, if they are there. @returns as `waitMs`; what has to wait takes nothing */
    take(key: string, count: number) {
      const ms = buckets.waitMs(key, count)
      if (ms === 0) keep(key, Math.max(fullAt(key), now()) + buckets.costMs(count))
      return ms
    },
    /** Believes somebody who knows that a bucket is not full before then. */
    learn(key: string, at: number) {
      if (at > fullAt(key)) keep(key, at)
    },
    now,
    wholeMs: MINUTE_MS
  }

  function keep(key: string, at: number) {
    if (young.size >= most / 2) {
      old = young
      young = new Map()
    }
    young.set(key, at)
  }

  return buckets
}
