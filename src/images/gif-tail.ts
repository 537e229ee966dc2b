// Decides whether the last bytes of a GIF can end one, when nobody knows where a block starts.

import {
  EXTENSION,
  IMAGE,
  IMAGE_HEADER_BYTES,
  imageSize,
  paletteBytes,
  TRAILER
} from './gif-block.ts'
import type { Reading } from './picture.ts'
import { trailing, truncated } from './stop.ts'
import { xmpHasPosition } from './xmp.ts'

const BROKEN = 0
const GOES_ON = 1 // comes to a trailer before the end of the file
const EXACT = 2 // comes to a trailer that is the last byte
// Within so many bytes of any GIF some sub-block begins: image header, palette and one sub-block.
const FARTHEST_JUMP = IMAGE_HEADER_BYTES + 768 + 1 + 256
const RESERVED_FLAGS = 0x18

/**
 * From every place backwards, where reading on from there ends, and how far its frames reach: as a
 * block and as a sub-block. A GIF whose tail no start can read to the end is not complete; its
 * packets are searched as text.
 */
export function readGifTail(reading: Reading) {
  const { window } = reading
  const tail = window.bytes(window.tailStart, window.size - window.tailStart)
  const blocks = new Outcomes(tail.length)
  const subBlocks = new Outcomes(tail.length)
  for (let at = tail.length - 1; at >= 0; at--) {
    window.budget.step()
    const byte = tail[at]!
    if (byte) subBlocks.goesOn(at, subBlocks, at + 1 + byte)
    else subBlocks.goesOn(at, blocks, at + 1)
    if (byte === TRAILER) blocks.ends[at] = at === tail.length - 1 ? EXACT : GOES_ON
    if (byte === EXTENSION) blocks.goesOn(at, subBlocks, at + 2)
    if (byte === IMAGE) {
      const dataAt = dataOf(tail, at)
      blocks.goesOn(at, subBlocks, dataAt + 1)
      if (isImage(tail, at, dataAt)) blocks.reach(at, imageSize(tail, at))
    }
  }
  const best = Math.max(blocks.best(), subBlocks.best())
  reading.locate(xmpHasPosition(tail, window.budget))
  if (best === GOES_ON) throw trailing()
  if (best === BROKEN) throw truncated()
  for (const outcomes of [blocks, subBlocks]) outcomes.measure(reading)
}

class Outcomes {
  readonly ends: Uint8Array
  readonly #right: Uint32Array
  readonly #bottom: Uint32Array

  constructor(length: number) {
    // Zeros behind the tail: what leads beyond the end of the file is broken.
    this.ends = new Uint8Array(length + FARTHEST_JUMP)
    this.#right = new Uint32Array(length + FARTHEST_JUMP)
    this.#bottom = new Uint32Array(length + FARTHEST_JUMP)
  }

  goesOn(at: number, next: Outcomes, nextAt: number) {
    this.ends[at] = next.ends[nextAt]!
    this.#right[at] = next.#right[nextAt]!
    this.#bottom[at] = next.#bottom[nextAt]!
  }

  reach(at: number, [right, bottom]: [number, number]) {
    this.#right[at] = Math.max(this.#right[at]!, right)
    this.#bottom[at] = Math.max(this.#bottom[at]!, bottom)
  }

  best = () => this.ends.subarray(0, FARTHEST_JUMP).reduce((a, b) => Math.max(a, b))

  measure({ picture }: Reading) {
    for (let at = 0; at < FARTHEST_JUMP; at++) {
      if (this.ends[at] !== EXACT) continue
      picture.width = Math.max(picture.width, this.#right[at]!)
      picture.height = Math.max(picture.height, this.#bottom[at]!)
    }
  }
}

const dataOf = (tail: Buffer, at: number) =>
  at + IMAGE_HEADER_BYTES + paletteBytes(tail[at + IMAGE_HEADER_BYTES - 1] ?? 0)

// Three in four noisy tails have a start from which pixels read as some frame. One in two thousand
// has one that also begins like a frame: with no reserved flag, and with the code that clears.
function isImage(tail: Buffer, at: number, dataAt: number): boolean {
  if (dataAt + 4 > tail.length || tail[at + IMAGE_HEADER_BYTES - 1]! & RESERVED_FLAGS) return false
  const bits = tail[dataAt]!
  const code = tail.readUInt16LE(dataAt + 2) & ((2 << bits) - 1)
  return bits >= 2 && bits <= 8 && code === 1 << bits
}
