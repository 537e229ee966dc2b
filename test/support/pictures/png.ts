// PNG pictures of one colour, chunk by chunk.

import { crc32, deflateSync } from 'node:zlib'

import { colours, type Paint } from './colours.ts'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export type Chunk = [type: string, data: Uint8Array]

/** A valid RGB PNG of `size` × `size` (or `height`) pixels. */
export function png(size: number, { colour = 'grey', height = size }: Paint = {}): Buffer {
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(size * 3, Buffer.from(colours[colour]))])
  const rows = deflateSync(Buffer.alloc(row.length * height, row))
  return pngOf([
    ['IHDR', header(size, height)],
    ['IDAT', rows],
    ['IEND', Buffer.alloc(0)]
  ])
}

export function header(
  width: number,
  height: number,
  { depth = 8, colourType = 2, interlace = 0 } = {}
): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.set([depth, colourType, 0, 0, interlace], 8)
  return data
}

export const pngOf = (chunks: Chunk[]) => Buffer.concat([SIGNATURE, ...chunks.map(chunk)])

export function chunk([type, data]: Chunk): Buffer {
  const bytes = Buffer.alloc(data.length + 12)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8)
  return bytes
}

/** The PNG with chunks put in front of the first chunk of a type. */
export function withChunks(picture: Buffer, chunks: Chunk[], { before = 'IDAT' } = {}): Buffer {
  let at = SIGNATURE.length
  while (picture.toString('latin1', at + 4, at + 8) !== before) at += picture.readUInt32BE(at) + 12
  return Buffer.concat([picture.subarray(0, at), ...chunks.map(chunk), picture.subarray(at)])
}
