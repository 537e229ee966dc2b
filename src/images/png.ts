// Reads a PNG chunk by chunk, from IHDR to an IEND that must be the file's last bytes.

import type { ByteWindow } from './byte-window.ts'
import { chainBack } from './chain-back.ts'
import type { Reading } from './picture.ts'
import { CHUNK_BYTES, type Chunk, chunkAt, IEND, isChunk } from './png-chunk.ts'
import { readPngMetadata } from './png-metadata.ts'
import { malformed, Stop, trailing, truncated } from './stop.ts'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
// PNG (third edition), table 12: the bit depths each colour type may have.
const DEPTHS: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16]
}
const INDEXED = 3

interface Png {
  reading: Reading
  window: ByteWindow
  colourType: number
  seen: Set<string>
  previous: string
}

export const recognisesPng = (start: Buffer) =>
  start.subarray(0, SIGNATURE.length).equals(SIGNATURE)

export function readPng(reading: Reading) {
  const { window } = reading
  const png: Png = { reading, window, colourType: 0, seen: new Set(), previous: '' }
  let at = SIGNATURE.length
  while (!window.hides(at, 8)) {
    window.budget.step()
    const chunk = chunkAt(window, at)
    readChunk(png, chunk)
    at = chunk.end
    if (chunk.type === 'IEND' && at === window.size) return
    if (chunk.type === 'IEND') throw trailing()
  }
  if (!png.seen.has('IDAT')) {
    throw new Stop('HEADER_TOO_LARGE', 'The pixels begin beyond the bytes that are read.')
  }
  readTail(png)
}

// The chain of lengths was lost in unseen bytes: it is taken up from the other end.
function readTail(png: Png) {
  const { window } = png
  const tail = window.bytes(window.tailStart, window.size - window.tailStart)
  const end = tail.indexOf(IEND)
  if (end < 0) throw truncated()
  if (end + IEND.length < tail.length) throw trailing()
  const starts = chainBack(
    window,
    window.size - IEND.length,
    (bytes, at) => CHUNK_BYTES + bytes.readUInt32BE(at),
    (at, next) => isChunk(window, at, next)
  )
  png.previous = 'IDAT'
  for (const start of starts) readChunk(png, chunkAt(window, start))
}

function readChunk(png: Png, chunk: Chunk) {
  const { reading, seen, previous } = png
  const { type } = chunk
  if ((type === 'IHDR') !== (previous === '')) {
    throw malformed('The PNG header is not the first and only one.')
  }
  if (type === 'IHDR') readHeader(png, chunk)
  else if (type === 'PLTE') readPalette(png, chunk)
  else if (type === 'IDAT') checkData(png)
  else if (type === 'fcTL') readFrame(png, chunk)
  else if (type === 'IEND') checkEnd(png, chunk)
  else if (isCritical(type)) throw malformed('The PNG holds a critical chunk of an unknown kind.')
  else readPngMetadata(reading, chunk)
  seen.add(type)
  png.previous = type
}

function readHeader(png: Png, { dataAt, length }: Chunk) {
  const { window, reading } = png
  if (length !== 13) throw malformed('The PNG header has the wrong length.')
  const [depth, colourType, compression, filter, interlace] = window.bytes(dataAt + 8, 5)
  const isLegal =
    DEPTHS[colourType!]?.includes(depth!) && !compression && !filter && interlace! <= 1
  if (!isLegal) throw malformed('The PNG header holds values that do not exist.')
  png.colourType = colourType!
  reading.measure(dimension(window.u32(dataAt)), dimension(window.u32(dataAt + 4)))
}

function readPalette({ seen }: Png, { length }: Chunk) {
  const isLegal = length > 0 && length <= 768 && length % 3 === 0
  if (!isLegal || seen.has('PLTE') || seen.has('IDAT')) throw malformed('The PNG palette is wrong.')
}

function checkData({ seen, previous, colourType }: Png) {
  if (colourType === INDEXED && !seen.has('PLTE')) throw malformed('The PNG palette is missing.')
  if (seen.has('IDAT') && previous !== 'IDAT') throw malformed('The PNG pixels are interrupted.')
}

// Section 11.3.6.2: a frame of an animation lies inside the picture.
function readFrame({ window, reading }: Png, { dataAt, length }: Chunk) {
  if (length !== 26) throw malformed('A PNG animation frame has the wrong length.')
  if (window.hides(dataAt, length)) return
  const [width, height, x, y] = [4, 8, 12, 16].map((offset) => window.u32(dataAt + offset))
  const { picture } = reading
  if (width! + x! > picture.width || height! + y! > picture.height) {
    throw malformed('A PNG animation frame lies outside the picture.')
  }
  reading.measure(width!, height!)
}

function checkEnd({ seen }: Png, { length }: Chunk) {
  if (length > 0 || !seen.has('IDAT')) throw malformed('The PNG ends without pixels.')
}

const isCritical = (type: string) => type[0]! < 'a'

function dimension(value: number): number {
  if (value > 0x7fffffff) throw malformed('The PNG header holds values that do not exist.')
  return value
}
