// Reads a GIF block by block, as far as it is seen, to a trailer that must be its last byte.

import type { ByteWindow } from './byte-window.ts'
import { EXTENSION, IMAGE, IMAGE_HEADER_BYTES, paletteBytes, TRAILER } from './gif-block.ts'
import { readGifTail } from './gif-tail.ts'
import type { Reading } from './picture.ts'
import { malformed, Stop, trailing, unreadMetadata } from './stop.ts'
import { xmpHasPosition } from './xmp.ts'

const APPLICATION = 0xff
const XMP_BLOCK = '\x0bXMP DataXMP'
const SCREEN_END = 13

export const recognisesGif = (start: Buffer) =>
  ['GIF87a', 'GIF89a'].includes(start.toString('latin1', 0, 6))

/** A frame that reaches beyond the screen counts: viewers make the screen larger for it. */
export function readGif(reading: Reading) {
  const { window } = reading
  reading.picture.width = window.u16le(6)
  reading.picture.height = window.u16le(8)
  let at: number | null = SCREEN_END + paletteBytes(window.u8(10))
  let images = 0
  while (at !== null && !window.hides(at, 1)) {
    window.budget.step()
    const kind = window.u8(at)
    if (kind === TRAILER && images === 0) throw malformed('The GIF ends without a picture.')
    if (kind === TRAILER && at + 1 < window.size) throw trailing()
    if (kind === TRAILER) return
    if (kind === IMAGE) images += 1
    at = readBlock(reading, at, kind)
  }
  if (images === 0) {
    throw new Stop('HEADER_TOO_LARGE', 'The pixels begin beyond the bytes that are read.')
  }
  readGifTail(reading)
}

/** Where the next block begins; null if that is lost in unseen bytes. */
function readBlock(reading: Reading, at: number, kind: number): number | null {
  const { window } = reading
  if (kind === IMAGE) return readImage(reading, at)
  if (kind !== EXTENSION) throw malformed('Something other than a GIF block was found.')
  if (window.hides(at, 2)) return null
  const end = skipSubBlocks(window, at + 2)
  if (window.u8(at + 1) === APPLICATION) readApplication(reading, at + 2, end)
  return end
}

function readImage(reading: Reading, at: number): number | null {
  const { window } = reading
  if (window.hides(at, IMAGE_HEADER_BYTES)) return null
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => window.u16le(at + offset))
  if (!width || !height) throw malformed('A GIF frame has no size.')
  reading.measure(left! + width, top! + height)
  const dataAt = at + IMAGE_HEADER_BYTES + paletteBytes(window.u8(at + 9))
  return skipSubBlocks(window, dataAt + 1)
}

function skipSubBlocks(window: ByteWindow, from: number): number | null {
  let at = from
  while (!window.hides(at, 1)) {
    window.budget.step()
    const length = window.u8(at)
    at += 1 + length
    if (length === 0) return at
  }
  return null
}

// XMP part 3, section 1.1.2: the packet is bare, and only the ramp behind it makes it sub-blocks.
function readApplication(reading: Reading, nameAt: number, end: number | null) {
  const { window } = reading
  const at = nameAt + XMP_BLOCK.length
  if (window.hides(nameAt, XMP_BLOCK.length)) throw unreadMetadata()
  if ((end ?? window.size) < at || window.text(nameAt, XMP_BLOCK.length) !== XMP_BLOCK) return
  if (end === null) throw unreadMetadata()
  reading.locate(xmpHasPosition(window.bytes(at, end - at), window.budget))
  reading.locate(xmpHasPosition(withoutLengths(window.bytes(at, end - at)), window.budget))
}

// Some writers do cut the packet into sub-blocks, and through a name in the middle of it.
function withoutLengths(bytes: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    blocks.push(bytes.subarray(at + 1, at + 1 + bytes[at]!))
  }
  return Buffer.concat(blocks)
}
