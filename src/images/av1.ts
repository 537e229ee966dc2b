// Reads how large the frames of an AV1 bitstream may be (AV1 specification, section 5.5.1).

import type { Budget } from './budget.ts'
import { malformed } from './stop.ts'

const SEQUENCE_HEADER = 1
const MOST_SIZE_BYTES = 8 // of a leb128 number, section 4.10.5

/** Width and height in pixels, by every sequence header that these bytes hold to its end. */
export function* av1FrameSizes(
  bytes: Buffer,
  isWhole: boolean,
  budget: Budget
): Generator<[number, number]> {
  for (let at = 0; at < bytes.length; ) {
    budget.step()
    const header = bytes[at]!
    const type = (header >> 3) & 15
    const hasExtension = (header & 4) > 0
    const hasSize = (header & 2) > 0
    at += hasExtension ? 2 : 1
    const [size, sizeBytes] = hasSize ? leb128(bytes, at) : [bytes.length - at, 0]
    at += sizeBytes
    const end = at + size
    // Where bitstreams are joined, it would reach into the next and shift what is read there.
    if (end > bytes.length && isWhole) throw malformed('A part of the AVIF goes on beyond its end.')
    if (end > bytes.length) return
    if (type === SEQUENCE_HEADER) yield maxFrameSize(new Bits(bytes.subarray(at, end)))
    at = end
  }
}

function maxFrameSize(bits: Bits): [number, number] {
  bits.take(3 + 1) // profile, still picture
  const isReduced = bits.take(1) === 1
  if (isReduced)
    bits.take(5) // level
  else skipOperatingPoints(bits)
  const widthBits = bits.take(4) + 1
  const heightBits = bits.take(4) + 1
  return [bits.take(widthBits) + 1, bits.take(heightBits) + 1]
}

function skipOperatingPoints(bits: Bits) {
  const hasTiming = bits.take(1) === 1
  if (hasTiming) skipTiming(bits)
  const hasModel = hasTiming && bits.take(1) === 1
  const delayBits = hasModel ? bits.take(5) + 1 : 0
  if (hasModel) bits.take(32 + 5 + 5)
  const hasDelays = bits.take(1) === 1
  for (let points = bits.take(5) + 1; points > 0; points--) {
    bits.take(12)
    if (bits.take(5) > 7) bits.take(1)
    if (hasModel && bits.take(1) === 1) bits.take(2 * delayBits + 1)
    if (hasDelays && bits.take(1) === 1) bits.take(4)
  }
}

function skipTiming(bits: Bits) {
  bits.take(32 + 32)
  if (bits.take(1) === 0) return
  let zeros = 0 // a number in uvlc, section 4.10.3
  while (zeros < 32 && bits.take(1) === 0) zeros += 1
  if (zeros < 32) bits.take(zeros)
}

function leb128(bytes: Buffer, from: number): [value: number, bytes: number] {
  let value = 0
  for (let n = 0; n < MOST_SIZE_BYTES; n++) {
    const byte = bytes[from + n]
    if (byte === undefined) return [Number.POSITIVE_INFINITY, n]
    value += (byte & 0x7f) * 2 ** (7 * n)
    if (byte < 0x80) return [value, n + 1]
  }
  throw malformed('A part of the AVIF has no length.')
}

class Bits {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The next bits as a number; those beyond 53 are only skipped over. */
  take(count: number): number {
    let value = 0
    for (let n = 0; n < count; n++) {
      const byte = this.#bytes[this.#at >> 3]
      if (byte === undefined) throw malformed('The AVIF pixels have a broken header.')
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1)
      this.#at += 1
    }
    return value
  }
}
