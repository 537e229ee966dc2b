// Follows a chain of parts backwards from its end, where its beginning was lost in unseen bytes.

import { type ByteWindow } from './byte-window.ts'

const PART_HEADER_BYTES = 8

/**
 * The starts of the seen parts each of which ends exactly where the next begins, the last at
 * `end`, in file order. Every place is tried once, for a search goes on from the part it found.
 *
 * @param reaches whether a part at this place would end there
 */
export function chainBack(
  window: ByteWindow,
  end: number,
  reaches: (at: number, end: number) => boolean
): number[] {
  const starts: number[] = []
  let next = end
  for (let at = end - PART_HEADER_BYTES; at >= window.tailStart; at--) {
    window.budget.step()
    if (!reaches(at, next)) continue
    starts.push(at)
    next = at
  }
  return starts.reverse()
}
