// Finds the next marker in the entropy-coded data of a JPEG.

import type { Budget } from './budget.ts'
import type { ByteWindow } from './byte-window.ts'

/**
 * Where the next marker is that ends the entropy-coded data around `at`; null if none is seen
 * before `end`. From the head the search goes on in the tail, as though the tail were inside a
 * scan: there FF is always followed by 00 or RSTn (T.81, B.1.1.5), so that bytes which are no scan
 * show themselves soon. Only segments longer than the unseen middle would be misjudged.
 */
export function findMarker(window: ByteWindow, from: number, end: number): number | null {
  for (let at = window.resume(from); at < end; at = window.resume(at)) {
    window.budget.step()
    const seen = window.bytes(at, Math.min(end, window.seenEnd(at)) - at)
    const found = markerIn(seen, window.budget)
    if (found !== null) return at + found
    at += seen.length
  }
  return null
}

function markerIn(bytes: Buffer, budget: Budget): number | null {
  let at = bytes.indexOf(0xff)
  while (at >= 0 && at + 1 < bytes.length) {
    budget.step()
    const code = bytes[at + 1]!
    if (code === 0xff) at += 1
    else if (isEntropy(code)) at = bytes.indexOf(0xff, at + 2)
    else return at
  }
  return null
}

const isEntropy = (code: number) => code === 0 || (code >= 0xd0 && code <= 0xd7)
