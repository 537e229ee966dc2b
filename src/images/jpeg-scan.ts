// Finds the next marker in the entropy-coded data of a JPEG.

import { type ByteWindow } from './byte-window.ts'

/**
 * Where the next marker is that ends the entropy-coded data around `at`; null if none is seen
 * before `end`. From the head the search goes on in the tail, as though the tail were inside a
 * scan: there FF is always followed by 00 or RSTn (T.81, B.1.1.5), so that bytes which are no scan
 * show themselves soon. Only segments longer than the unseen middle would be misjudged.
 */
export function findMarker(window: ByteWindow, from: number, end: number): number | null {
  let at = window.resume(from)
  while (at < end - 1) {
    window.budget.step()
    const found = window.indexOf(0xff, at, end)
    if (found < 0 || !window.sees(found, 2)) {
      at = window.resume(window.seenEnd(at))
      continue
    }
    const code = window.u8(found + 1)
    if (found + 1 < end && !isEntropy(code) && code !== 0xff) return found
    at = found + (code === 0xff ? 1 : 2)
  }
  return null
}

const isEntropy = (code: number) => code === 0 || (code >= 0xd0 && code <= 0xd7)
