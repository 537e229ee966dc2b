// Reads a JPEG: its segments, its scans and the further pictures that an MPF index declares.

import type { ByteWindow } from './byte-window.ts'
import { JpegMetadata } from './jpeg-metadata.ts'
import { findMarker } from './jpeg-scan.ts'
import type { Extent } from './mpf.ts'
import type { Reading } from './picture.ts'
import { malformed, trailing, truncated } from './stop.ts'

// Markers of ITU-T T.81, table B.1.
const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const FRAMES = new Set([
  0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf
])
// DHT, DAC, DQT, DRI. Not DNL: it tells the height only behind the first scan, perhaps unseen.
const TABLES = new Set([0xc4, 0xcc, 0xdb, 0xdd])
const COM = 0xfe

interface Jpeg {
  reading: Reading
  window: ByteWindow
  metadata: JpegMetadata
  /** Where this one of the file's pictures ends. */
  end: number
  framed: boolean
}

export const recognisesJpeg = (start: Buffer) =>
  start[0] === 0xff && start[1] === SOI && start[2] === 0xff

/** Zero padding behind EOI is refused like any other data: a picture ends where it ends. */
export function readJpeg(reading: Reading) {
  const { window } = reading
  const metadata = new JpegMetadata(reading)
  const primary = { reading, window, metadata, end: window.size, framed: false }
  const scan = readHeader(primary, 0)
  const [first, ...further] = metadata.pictures()
  readScans({ ...primary, end: first!.end }, scan)
  for (const extent of further) readFurther({ ...primary, end: extent.end, framed: false }, extent)
  metadata.finish()
}

// A gain map or preview (CIPA DC-007): read like the first one, as far as it is seen.
function readFurther(jpeg: Jpeg, { start, gapStart }: Extent) {
  const { window } = jpeg
  const gap = window.resume(gapStart)
  if (gap < start && window.bytes(gap, Math.min(start, window.seenEnd(gap)) - gap).some(Boolean)) {
    throw trailing()
  }
  if (window.resume(start) !== start) return readScans({ ...jpeg, framed: true }, start)
  readScans(jpeg, readHeader(jpeg, start))
}

function readHeader(jpeg: Jpeg, start: number): number {
  const { window } = jpeg
  if (window.u16(start) !== 0xff00 + SOI) throw malformed('A picture does not begin like a JPEG.')
  let at = start + 2
  for (;;) {
    window.budget.step()
    if (window.u8(at) !== 0xff) throw malformed('Something other than a JPEG segment was found.')
    const marker = window.u8(at + 1)
    if (marker === 0xff)
      at += 1 // a fill byte: T.81, B.1.1.2
    else at = readSegment(jpeg, at, marker)
    if (marker === SOS) return at
  }
}

function readScans(jpeg: Jpeg, scan: number) {
  const { window, end } = jpeg
  let at = findMarker(window, scan, end)
  while (at !== null) {
    const marker = window.u8(at + 1)
    if (marker === EOI && at + 2 === end) return
    if (marker === EOI) throw trailing()
    // A segment that the unseen bytes cut through cannot be read: whatever is in the tail is next.
    const next = window.hides(at, 4) ? window.seenEnd(at) : readSegment(jpeg, at, marker)
    at = findMarker(window, next, end)
  }
  if (window.sees(end - 1, 1)) throw truncated()
}

/** Reads one segment and says where the next byte of the file is. */
function readSegment(jpeg: Jpeg, at: number, marker: number): number {
  const { window, metadata, end } = jpeg
  const isApplication = marker >= 0xe0 && marker <= 0xef
  const isFrame = FRAMES.has(marker)
  if (!isApplication && !isFrame && marker !== SOS && marker !== COM && !TABLES.has(marker)) {
    throw malformed('A JPEG segment of an unknown kind was found.')
  }
  const length = window.u16(at + 2)
  if (length < 2) throw malformed('A JPEG segment is shorter than its own header.')
  const next = at + 2 + length
  if (next > end) throw truncated()
  if (isFrame) readFrame(jpeg, at, length)
  if (isApplication) metadata.read(marker, at + 4, length - 2)
  if (marker === SOS && !jpeg.framed) throw malformed('A JPEG scan comes before its frame.')
  return next
}

function readFrame(jpeg: Jpeg, at: number, length: number) {
  const { window, reading } = jpeg
  if (jpeg.framed) throw malformed('A JPEG holds more than one frame.')
  if (length < 8 || length !== 8 + 3 * window.u8(at + 9)) {
    throw malformed('A JPEG frame header has the wrong length.')
  }
  reading.measure(window.u16(at + 7), window.u16(at + 5))
  jpeg.framed = true
}
