// Reads a WebP: the RIFF chunks, whose sizes have to add up to the file's own.

import type { ByteWindow } from './byte-window.ts'
import { chainBack } from './chain-back.ts'
import { exifHasPosition } from './exif.ts'
import type { Reading } from './picture.ts'
import { malformed, Stop, trailing, truncated, unreadMetadata } from './stop.ts'
import { readBitstream, u24Size } from './webp-image.ts'
import { xmpHasPosition } from './xmp.ts'

// Flags of the extended header (RFC 9649, section 2.7.1).
const HAS_EXIF = 0x08
const HAS_XMP = 0x04
const IS_ANIMATED = 0x02
const RIFF_HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 8
const FRAME_HEADER_BYTES = 16
const BITSTREAM_HEADER_BYTES = 10
const KNOWN = new Set(['VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'EXIF', 'XMP ', 'ICCP'])

interface Webp {
  reading: Reading
  window: ByteWindow
  /** Where RIFF says that the picture ends. */
  end: number
  flags: number
  seen: Set<string>
}

export const recognisesWebp = (start: Buffer) =>
  start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP'

export function readWebp(reading: Reading) {
  const { window } = reading
  const end = CHUNK_HEADER_BYTES + padded(window.u32le(4))
  if (end > window.size) throw truncated()
  if (end < window.size) reading.report('TRAILING_DATA', trailing().detail)
  const webp: Webp = { reading, window, end, flags: 0, seen: new Set() }
  let at = RIFF_HEADER_BYTES
  while (at < end && !window.hides(at, CHUNK_HEADER_BYTES)) {
    window.budget.step()
    at = readChunk(webp, at)
  }
  if (at < end && !hasPicture(webp)) {
    throw new Stop('HEADER_TOO_LARGE', 'The pixels begin beyond the bytes that are read.')
  }
  if (at < end) for (const start of lastChunks(window, end)) readChunk(webp, start)
  checkWhole(webp)
}

// Some chunk begins in unseen bytes, so the chain of lengths is taken up from the other end.
const lastChunks = (window: ByteWindow, end: number) =>
  chainBack(
    window,
    end,
    (bytes, at) => CHUNK_HEADER_BYTES + padded(bytes.readUInt32LE(at + 4)),
    (at) => KNOWN.has(window.text(at, 4))
  )

const hasPicture = ({ seen }: Webp) => ['VP8 ', 'VP8L', 'ANMF'].some((type) => seen.has(type))

function checkWhole(webp: Webp) {
  const { flags, seen } = webp
  if (flags & HAS_EXIF && !seen.has('EXIF')) throw unreadMetadata()
  if (flags & HAS_XMP && !seen.has('XMP ')) throw unreadMetadata()
  if (!hasPicture(webp)) throw malformed('The WebP holds no picture.')
}

function readChunk(webp: Webp, at: number): number {
  const { window, reading, seen } = webp
  const { budget } = window
  const type = window.text(at, 4)
  const length = window.u32le(at + 4)
  const dataAt = at + CHUNK_HEADER_BYTES
  const end = dataAt + padded(length)
  if (end > webp.end) throw malformed('A WebP chunk is longer than the file.')
  if (at === RIFF_HEADER_BYTES && !['VP8 ', 'VP8L', 'VP8X'].includes(type)) {
    throw malformed('The WebP does not begin with a picture.')
  }
  if (type === 'VP8X') readCanvas(webp, dataAt, length)
  if (type === 'VP8 ' || type === 'VP8L') readStill(webp, type, dataAt, length)
  if (type === 'ANMF') readFrame(webp, dataAt, length)
  if (type === 'EXIF') reading.locate(exifHasPosition(metadata(webp, dataAt, length), budget))
  if (type === 'XMP ') reading.locate(xmpHasPosition(metadata(webp, dataAt, length), budget))
  seen.add(type)
  return end
}

function readCanvas(webp: Webp, at: number, length: number) {
  const { window, reading, seen } = webp
  if (length < 10 || seen.size > 0) throw malformed('The extended WebP header is wrong.')
  webp.flags = window.u8(at)
  reading.measure(...u24Size(window, at + 4))
}

// Section 2.7.1.1: in a picture that does not move, canvas and picture are of one size.
function readStill(
  { window, reading, flags, seen }: Webp,
  type: string,
  at: number,
  length: number
) {
  const [width, height] = readBitstream(window, type, at, length)
  const { picture } = reading
  const isExtended = seen.has('VP8X')
  const fits = picture.width === width && picture.height === height
  if (seen.has('VP8 ') || seen.has('VP8L') || flags & IS_ANIMATED || (isExtended && !fits)) {
    throw malformed('The WebP holds a picture that does not fit its header.')
  }
  reading.measure(width, height)
}

function readFrame({ window, reading, flags }: Webp, at: number, length: number) {
  if (!(flags & IS_ANIMATED) || length < FRAME_HEADER_BYTES + CHUNK_HEADER_BYTES) {
    throw malformed('The WebP holds a frame that does not fit its header.')
  }
  if (window.hides(at, FRAME_HEADER_BYTES)) return
  const [width, height] = u24Size(window, at + 6)
  const right = window.u24le(at) * 2 + width
  const bottom = window.u24le(at + 3) * 2 + height
  if (right > reading.picture.width || bottom > reading.picture.height) {
    throw malformed('A WebP frame lies outside the picture.')
  }
  checkFrameImage(window, at + FRAME_HEADER_BYTES, at + length, [width, height])
}

function checkFrameImage(window: ByteWindow, from: number, end: number, size: [number, number]) {
  let at = from
  while (at < end && !window.hides(at, CHUNK_HEADER_BYTES + BITSTREAM_HEADER_BYTES)) {
    window.budget.step()
    const type = window.text(at, 4)
    const length = window.u32le(at + 4)
    const next = at + CHUNK_HEADER_BYTES + padded(length)
    if (next > end) throw malformed('A WebP frame is shorter than the picture in it.')
    if (type === 'VP8 ' || type === 'VP8L') {
      const found = readBitstream(window, type, at + CHUNK_HEADER_BYTES, length)
      if (found.join() !== size.join()) throw malformed('A WebP frame lies about its size.')
    }
    at = next
  }
}

function metadata({ window }: Webp, at: number, length: number): Buffer {
  if (window.hides(at, length)) throw unreadMetadata()
  return window.bytes(at, length)
}

// RFC 9649, section 2.3: a chunk of an odd length is followed by one byte of padding.
const padded = (length: number) => length + (length % 2)
