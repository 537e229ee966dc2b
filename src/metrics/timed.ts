// How long something took, also when it failed.

import type { Histogram } from './registry.ts'

/** What the promise comes to; the seconds it took are observed, if anybody wants to know. */
export async function timed<Result>(histogram: Histogram | undefined, work: Promise<Result>) {
  if (!histogram) return work
  const beganAt = performance.now()
  try {
    return await work
  } finally {
    histogram.observe((performance.now() - beganAt) / 1000)
  }
}
