// Grey JPEG pictures of one shade, written with the shortest possible Huffman tables.

import { colours, type Paint } from './colours.ts'

const SOI = Buffer.from('ffd8', 'hex')
const EOI = Buffer.from('ffd9', 'hex')

/** A valid baseline JPEG of `size` × `size` (or `height`) pixels, in the colour's grey. */
export function jpeg(size: number, { colour = 'grey', height = size }: Paint = {}): Buffer {
  return Buffer.concat([
    SOI,
    jfif(),
    segment(0xdb, Buffer.concat([Buffer.of(0), Buffer.alloc(64, 8)])),
    frame(size, height),
    huffman(0x00, [0, 7]),
    huffman(0x10, [0]),
    scan(size, height, colours[colour]),
    EOI
  ])
}

export function segment(marker: number, data: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  return Buffer.concat([head, data])
}

/** The JPEG with segments put right behind SOI. */
export const withSegments = (picture: Buffer, segments: Buffer[]) =>
  Buffer.concat([SOI, ...segments, picture.subarray(2)])

export const jfif = () => segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'))

export function frame(width: number, height: number, marker = 0xc0): Buffer {
  const data = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  data.writeUInt16BE(height, 1)
  data.writeUInt16BE(width, 3)
  return segment(marker, data)
}

// Symbol n gets a code of n + 1 bits: 0, 10, …
export function huffman(id: number, symbols: number[]): Buffer {
  const counts = Array.from({ length: 16 }, (_, i) => (i < symbols.length ? 1 : 0))
  return segment(0xc4, Buffer.from([id, ...counts, ...symbols]))
}

function scan(width: number, height: number, [red, green, blue]: readonly number[]): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8)
  const level = Math.round(0.3 * red! + 0.59 * green! + 0.11 * blue!) - 128
  const dc = level < 0 ? Math.min(level, -64) + 127 : Math.max(level, 64)
  const first = (0b10 << 14) | (dc << 7) // category 7, the value, end of block; then 2 zero bits a block
  const bits = 10 + (blocks - 1) * 2
  const data = Buffer.alloc(Math.ceil(bits / 8))
  data.writeUInt16BE(first)
  const spare = data.length * 8 - bits
  data[data.length - 1] = data.at(-1)! | ((1 << spare) - 1)
  return Buffer.concat([segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), data])
}
