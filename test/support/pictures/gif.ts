// GIF pictures of one colour, whose LZW codes never grow wider than a byte.

import { colours, type Paint } from './colours.ts'

const CLEAR = 0x80
const END = 0x81
const CODES_BEFORE_GROWTH = 120

/** A valid GIF89a of `size` × `size` (or `height`) pixels. */
export const gif = (size: number, { colour = 'grey', height = size }: Paint = {}): Buffer =>
  gifOf(size, height, [image(size, height)], colour)

export function gifOf(
  width: number,
  height: number,
  blocks: Uint8Array[],
  colour: Paint['colour'] = 'grey'
): Buffer {
  const palette = Buffer.alloc(128 * 3, Buffer.from(colours[colour]))
  const screen = Buffer.from([...u16(width), ...u16(height), 0xe6, 0, 0])
  return Buffer.concat([Buffer.from('GIF89a'), screen, palette, ...blocks, Buffer.of(0x3b)])
}

export function image(width: number, height: number, { left = 0, top = 0, flags = 0 } = {}) {
  const local = Buffer.alloc(flags & 0x80 ? 3 << ((flags & 7) + 1) : 0)
  const place = [...u16(left), ...u16(top), ...u16(width), ...u16(height)]
  return Buffer.concat([
    Buffer.from([0x2c, ...place, flags]),
    local,
    Buffer.of(7),
    ...subBlocks(codes(width * height))
  ])
}

export const extension = (label: number, ...blocks: Uint8Array[]) =>
  Buffer.concat([
    Buffer.from([0x21, label]),
    ...blocks.map((block) => Buffer.from([block.length, ...block])),
    Buffer.of(0)
  ])

export function* subBlocks(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255)
    yield Buffer.of(block.length)
    yield block
  }
  yield Buffer.of(0)
}

function codes(pixels: number): Buffer {
  const clears = Math.ceil(pixels / CODES_BEFORE_GROWTH)
  const all = Buffer.alloc(pixels + clears + 1)
  for (let n = 0; n < clears; n++) all[n * (CODES_BEFORE_GROWTH + 1)] = CLEAR
  all[all.length - 1] = END
  return all
}

const u16 = (value: number) => [value & 255, value >> 8]

/** The GIF with a block put in front of its trailer. */
export const withBlock = (picture: Buffer, block: Uint8Array) =>
  Buffer.concat([picture.subarray(0, -1), block, picture.subarray(-1)])
