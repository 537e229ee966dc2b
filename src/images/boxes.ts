// Reads the boxes of the ISO base media file format (ISO/IEC 14496-12, section 4.2).

import type { ByteWindow } from './byte-window.ts'
import { malformed } from './stop.ts'

export interface Box {
  type: string
  dataAt: number
  end: number
  /** The box states no size and goes to the end of the file. */
  isOpen: boolean
}

const HEADER_BYTES = 8
const LARGE_HEADER_BYTES = 16
const USER_TYPE_BYTES = 16

/** One box header; the box may still end beyond its surroundings. */
export function boxAt(window: ByteWindow, at: number): Box {
  const type = window.text(at + 4, 4)
  let size = window.u32(at)
  const isOpen = size === 0
  const isLarge = size === 1
  if (isLarge) size = window.u32(at + 8) * 2 ** 32 + window.u32(at + 12)
  const userType = type === 'uuid' ? USER_TYPE_BYTES : 0
  const header = (isLarge ? LARGE_HEADER_BYTES : HEADER_BYTES) + userType
  // A box that does not get past itself would be read for ever (GHSA-5p2g-fcmc-qvqq).
  if (!isOpen && size < header) throw malformed('A box is shorter than its own header.')
  return { type, dataAt: at + header, end: isOpen ? window.size : at + size, isOpen }
}

/** The boxes that fill the bytes from one place to another exactly. */
export function* boxesIn(window: ByteWindow, from: number, to: number): Generator<Box> {
  for (let at = from; at < to; ) {
    window.budget.step()
    if (at + HEADER_BYTES > to) throw malformed('Boxes do not fill the box around them.')
    const box = boxAt(window, at)
    if (box.isOpen || box.end > to) throw malformed('A box is longer than the box around it.')
    yield box
    at = box.end
  }
}

/** Where in the file a place in the box is, so much of which must lie in the box. */
export function within({ dataAt, end }: Box, offset: number, length: number): number {
  if (dataAt + offset + length > end) throw malformed('A box ends in the middle of a value.')
  return dataAt + offset
}
