// Lossless WebP pictures of one colour: five codes of a single symbol, so that pixels take no bits.

import { colours, type Paint } from './colours.ts'

/** A valid WebP of `size` × `size` (or `height`) pixels. */
export const webp = (size: number, paint: Paint = {}): Buffer => riff([vp8l(size, paint)])

export const riff = (chunks: Buffer[]) =>
  Buffer.concat([
    Buffer.from('RIFF'),
    u32(4 + Buffer.concat(chunks).length),
    Buffer.from('WEBP'),
    ...chunks
  ])

export const riffChunk = (fourcc: string, data: Uint8Array) =>
  Buffer.concat([Buffer.from(fourcc), u32(data.length), data, Buffer.alloc(data.length & 1)])

// WebP Lossless Bitstream Specification, sections 3 to 6.
export function vp8l(size: number, { colour = 'grey', height = size }: Paint = {}): Buffer {
  const [red, green, blue] = colours[colour]
  const fields: [value: number, bits: number][] = [
    [size - 1, 14],
    [height - 1, 14],
    [0, 4], // no alpha, version 0
    [0, 3], // no transform, no colour cache, no meta codes
    ...[green, red, blue, 255].flatMap((level) => simpleCode(level)),
    [0b001, 4] // distance: one symbol of one bit, zero
  ]
  return riffChunk('VP8L', Buffer.concat([Buffer.of(0x2f), packed(fields)]))
}

/** The extended header; flags: ICC 32, alpha 16, EXIF 8, XMP 4, animation 2. */
export const vp8x = (flags: number, width: number, height: number) =>
  riffChunk('VP8X', Buffer.from([flags, 0, 0, 0, ...u24(width - 1), ...u24(height - 1)]))

export const anim = () => riffChunk('ANIM', Buffer.alloc(6))

export const anmf = (image: Buffer, width: number, height: number, { x = 0, y = 0 } = {}): Buffer =>
  riffChunk(
    'ANMF',
    Buffer.from([
      ...[...u24(x / 2), ...u24(y / 2), ...u24(width - 1), ...u24(height - 1)],
      ...[...u24(100), 0],
      ...image
    ])
  )

const simpleCode = (symbol: number): [number, number][] => [
  [0b101, 3], // a simple code, one symbol, written in eight bits
  [symbol, 8]
]

function packed(fields: [value: number, bits: number][]): Buffer {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, n) => (value >> n) & 1)
  )
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8))
  bits.forEach((bit, n) => {
    bytes[n >> 3] = bytes[n >> 3]! | (bit << (n & 7))
  })
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

const u24 = (value: number) => [value & 255, (value >> 8) & 255, value >> 16]

/** A simple WebP made extended: flags, and chunks behind the image. */
export function extended(picture: Buffer, flags: number, after: Buffer[], before: Buffer[] = []) {
  const image = picture.subarray(12)
  const width = 1 + (image.readUInt16LE(9) & 0x3fff)
  const height = 1 + ((image.readUInt32LE(9) >>> 14) & 0x3fff)
  return riff([vp8x(flags, width, height), ...before, image, ...after])
}

/** The beginning of a lossy key frame: enough for its structure, without any pixels. */
export function vp8(width: number, height: number): Buffer {
  const data = Buffer.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0, 0, 0, 0, ...Buffer.alloc(16)])
  data.writeUInt16LE(width, 6)
  data.writeUInt16LE(height, 8)
  return riffChunk('VP8 ', data)
}
