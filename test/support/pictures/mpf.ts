// JPEG files of several pictures, with the index that phones write (CIPA DC-007).

import { segment, withSegments } from './jpeg.ts'

interface Entry {
  size: number
  offset: number
}

interface Layout {
  little?: boolean
  gap?: Buffer
}

const INDEX_AT = 2 + 4 + 4 // behind SOI, the segment's header and its name

/** The first picture with an index, then the further ones, a gap before each. */
export function multiPicture(first: Buffer, further: Buffer[], layout: Layout = {}): Buffer {
  const { gap = Buffer.alloc(0) } = layout
  const withIndex = (entries: Entry[]) => withSegments(first, [mpf(entries, layout)])
  const empty = { size: 0, offset: 0 }
  const entries = [{ size: withIndex([empty, ...further.map(() => empty)]).length, offset: 0 }]
  let at = entries[0]!.size
  for (const { length } of further) {
    entries.push({ size: length, offset: at + gap.length - INDEX_AT })
    at += gap.length + length
  }
  return Buffer.concat([withIndex(entries), ...further.flatMap((picture) => [gap, picture])])
}

export function mpf(entries: Entry[], { little = true }: Layout = {}): Buffer {
  const index = Buffer.alloc(8 + 2 + 24 + 4 + entries.length * 16)
  const u16 = (at: number, value: number) =>
    little ? index.writeUInt16LE(value, at) : index.writeUInt16BE(value, at)
  const u32 = (at: number, value: number) =>
    little ? index.writeUInt32LE(value, at) : index.writeUInt32BE(value, at)
  index.write(little ? 'II' : 'MM')
  u16(2, 42)
  u32(4, 8)
  u16(8, 2)
  u16(10, 0xb001)
  u16(22, 0xb002)
  u32(26, entries.length * 16)
  u32(30, 38)
  for (const [n, { size, offset }] of entries.entries()) {
    u32(38 + n * 16 + 4, size)
    u32(38 + n * 16 + 8, offset)
  }
  return segment(0xe2, Buffer.concat([Buffer.from('MPF\0'), index]))
}
