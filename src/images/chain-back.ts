// Follows a chain of parts backwards from its end, where its beginning was lost in unseen bytes.

import type { ByteWindow } from './byte-window.ts'

const PART_HEADER_BYTES = 8

/**
 * The starts of the seen parts each of which ends exactly where the next begins, the last at
 * `end`, in file order. Every place is tried once, for a search goes on from the part it found.
 *
 * @param lengthAt how long the part would be that these bytes begin
 * @param isPart whether there is one at this place in the file, up to that end
 */
export function chainBack(
  window: ByteWindow,
  end: number,
  lengthAt: (bytes: Buffer, at: number) => number,
  isPart: (at: number, end: number) => boolean
): number[] {
  const { tailStart, budget } = window
  const tail = window.bytes(tailStart, Math.max(0, end - tailStart))
  const starts: number[] = []
  let next = tail.length
  for (let at = next - PART_HEADER_BYTES; at >= 0; at--) {
    budget.step()
    if (at + lengthAt(tail, at) !== next || !isPart(tailStart + at, tailStart + next)) continue
    starts.push(tailStart + at)
    next = at
  }
  return starts.reverse()
}
