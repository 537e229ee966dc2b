// Decides whether the last bytes of a GIF can end one, when nobody knows where a block starts.

import { EXTENSION, IMAGE, IMAGE_HEADER_BYTES, paletteBytes, TRAILER } from './gif-block.ts'
import type { Reading } from './picture.ts'
import { trailing, truncated } from './stop.ts'
import { xmpHasPosition } from './xmp.ts'

const BROKEN = 0
const GOES_ON = 1 // comes to a trailer before the end of the file
const EXACT = 2 // comes to a trailer that is the last byte
// Within so many bytes of any GIF some sub-block begins: image header, palette and one sub-block.
const FARTHEST_JUMP = IMAGE_HEADER_BYTES + 768 + 1 + 256

/**
 * From every place backwards, where reading on from there ends: as a block and as a sub-block. A
 * GIF whose tail no start can read to the end is not complete; its packets are searched as text.
 */
export function readGifTail(reading: Reading) {
  const { window } = reading
  const tail = window.bytes(window.tailStart, window.size - window.tailStart)
  // Zeros behind the tail: what leads beyond the end of the file is broken.
  const blocks = new Uint8Array(tail.length + FARTHEST_JUMP)
  const subBlocks = new Uint8Array(tail.length + FARTHEST_JUMP)
  for (let at = tail.length - 1; at >= 0; at--) {
    window.budget.step()
    const byte = tail[at]!
    subBlocks[at] = byte ? subBlocks[at + 1 + byte]! : blocks[at + 1]!
    if (byte === TRAILER) blocks[at] = at === tail.length - 1 ? EXACT : GOES_ON
    if (byte === EXTENSION) blocks[at] = subBlocks[at + 2]!
    if (byte === IMAGE) {
      const palette = paletteBytes(tail[at + IMAGE_HEADER_BYTES - 1] ?? 0)
      blocks[at] = subBlocks[at + IMAGE_HEADER_BYTES + palette + 1]!
    }
  }
  const starts = [blocks, subBlocks].map((of) => of.subarray(0, FARTHEST_JUMP))
  const best = Math.max(...starts.map((of) => of.reduce((a, b) => Math.max(a, b))))
  reading.locate(xmpHasPosition(tail, window.budget))
  if (best === GOES_ON) throw trailing()
  if (best === BROKEN) throw truncated()
}
