// Reads the size of a VP8 or VP8L bitstream from its first bytes.

import type { ByteWindow } from './byte-window.ts'
import { malformed } from './stop.ts'

const VP8_START = 0x2a019d // RFC 6386, section 9.1
const VP8L_SIGNATURE = 0x2f // RFC 9649, section 3.4

/** Width and height in pixels. */
export function readBitstream(
  window: ByteWindow,
  type: string,
  at: number,
  length: number
): [number, number] {
  const size = type === 'VP8L' ? readVp8l(window, at, length) : readVp8(window, at, length)
  if (!size) throw malformed('A WebP picture does not begin like one.')
  return size
}

function readVp8(window: ByteWindow, at: number, length: number): [number, number] | null {
  if (length < 10) return null
  const tag = window.u24le(at)
  const isKeyFrame = (tag & 1) === 0
  const firstPartitionBytes = tag >>> 5
  if (!isKeyFrame || firstPartitionBytes > length - 10) return null
  if (window.u24le(at + 3) !== VP8_START) return null
  return [window.u16le(at + 6) & 0x3fff, window.u16le(at + 8) & 0x3fff]
}

function readVp8l(window: ByteWindow, at: number, length: number): [number, number] | null {
  if (length < 5 || window.u8(at) !== VP8L_SIGNATURE) return null
  const bits = window.u32le(at + 1)
  if (bits >>> 29 !== 0) return null // the version
  return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)]
}

/** Two sizes of 24 bits, each one less than is meant. */
export const u24Size = (window: ByteWindow, at: number): [number, number] => [
  1 + window.u24le(at),
  1 + window.u24le(at + 3)
]
