// AVIF files, good and bad: boxes that lead nowhere, items, tracks and metadata.

import {
  av01,
  avif,
  avifOf,
  box,
  fullBox,
  type Item,
  ispe,
  openBitstream,
  tkhd,
  u16,
  u32,
  withItem
} from './avif.ts'
import { film, media, moov, sequence, trak } from './avif-track.ts'
import type { Case } from './corpus.ts'
import { exif, ONLY_VERSION, xmp } from './exif.ts'

const whole = avif(64)
const pixels = av01(64, 64)
const exifItem = (block = exif(), skipped = 0): Item => ({
  type: 'Exif',
  data: Buffer.concat([u32(skipped), Buffer.alloc(skipped), block])
})
const xmpItem = (attributes?: string): Item => ({ type: 'mime', data: xmp(attributes) })
const nothing: Item = { type: 'junk', data: Buffer.alloc(0) }
const junk: Item = { type: 'junk', data: Buffer.alloc(200_000) }
export const grid = (long: boolean, size: number): Item => ({
  type: 'grid',
  data: Buffer.concat([
    Buffer.of(0, long ? 1 : 0, 0, 0),
    ...(long ? [u32(size), u32(size)] : [u16(size), u16(size)])
  ])
})
const XMP_TYPE = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex')
export const replaced = (picture: Buffer, from: Buffer | string, to: Buffer | string, skip = 0) => {
  const copy = Buffer.from(picture)
  copy.set(Buffer.from(to as string), copy.indexOf(from) + skip)
  return copy
}
export const openEnd = (picture: Buffer) => replaced(picture, 'mdat', u32(0), -4)
const large64 = () => {
  const at = whole.indexOf('mdat') - 4
  const data = whole.subarray(at + 8)
  const moved = replaced(whole.subarray(0, at), 'iloc', u32(at + 16), 4 + 4 + 2 + 2 + 2 + 2 + 2)
  return Buffer.concat([moved, u32(1), Buffer.from('mdat'), u32(0), u32(data.length + 16), data])
}
const ILOC_SIZES = 8

const good: Record<string, Buffer> = {
  'with locations of version 1': avifOf(64, 64, [pixels], { ilocVersion: 1 }),
  'with locations of version 2': avifOf(64, 64, [pixels], { ilocVersion: 2 }),
  'with long numbers': avifOf(64, 64, [pixels], { isLong: true }),
  'in the idat box': avifOf(64, 64, [pixels], { ilocVersion: 1, method: 1 }),
  'of the brand avis': avifOf(64, 64, [pixels], { brands: ['avis', 'avif'] }),
  'of the brand mif1': avifOf(64, 64, [pixels], { brands: ['mif1', 'heic', 'avif'] }),
  'with free boxes': Buffer.concat([whole, box('free', Buffer.alloc(9)), box('skip')]),
  'with a user box': Buffer.concat([whole, box('uuid', Buffer.alloc(40))]),
  'with a user box of XMP and no position': Buffer.concat([
    whole,
    box('uuid', XMP_TYPE, xmp('a="1"'))
  ]),
  'with a user box of another type': Buffer.concat([whole, box('uuid', Buffer.alloc(16), xmp())]),
  'with an open data box': openEnd(whole),
  'with a large data box': large64(),
  'with EXIF and no position': avifOf(64, 64, [pixels, exifItem(exif(ONLY_VERSION))]),
  'with EXIF too short': avifOf(64, 64, [pixels, { type: 'Exif', data: Buffer.of(0) }]),
  'with XMP and no position': avifOf(64, 64, [pixels, xmpItem('a="1"')]),
  'with other text': avifOf(64, 64, [pixels, { ...xmpItem(), contentType: 'text/plain' }]),
  'with two more associations': avifOf(64, 64, [pixels], { associations: [[1, 2], [1], [1]] }),
  'with long associations': avifOf(64, 64, [pixels], { longAssociations: true }),
  'with another picture in no place': replaced(
    avifOf(64, 64, [pixels, pixels]),
    'iloc',
    u16(0),
    ILOC_SIZES + 22
  ),
  'of a picture made from another': avifOf(64, 64, [{ type: 'iden', data: nothing.data }, pixels]),
  'with long item numbers': avifOf(64, 64, [pixels], { longIds: true, ilocVersion: 2 }),
  'with an item of unstated length': avifOf(64, 64, [pixels, nothing]),
  'with an item of unstated length in the idat box': avifOf(64, 64, [pixels, nothing], {
    ilocVersion: 1,
    method: 1
  }),
  'with bits of an extension': avifOf(64, 64, [
    { ...pixels, data: Buffer.concat([Buffer.of(0x16, 0, 0), pixels.data]) }
  ]),
  'with a part that tells no length': avifOf(64, 64, [
    { ...pixels, data: Buffer.concat([pixels.data, Buffer.of(0x10)]) }
  ]),
  large: avifOf(64, 64, [pixels, junk]),
  'large, with its pixels unseen': avifOf(64, 64, [{ ...pixels, data: pixels.data }, junk], {
    reversed: true
  }),
  'large, with EXIF in the tail': avifOf(64, 64, [pixels, junk, exifItem(exif(ONLY_VERSION))]),
  'of a grid': avifOf(64, 64, [grid(false, 64), pixels]),
  'of a long grid': avifOf(64, 64, [grid(true, 64), pixels]),
  animated: film([pixels.data]),
  'animated, without a sample table': sequence(trak(tkhd(64, 64), box('stbl')), box('mdat')),
  'animated, with long times': sequence(trak(tkhd(64, 64, 1)), box('mdat')),
  'animated, with sound': sequence(
    moov(box('trak', tkhd(64, 64)), box('trak', tkhd(0, 90), media('mp4a', 999))),
    box('mdat')
  ),
  'animated, with an open data box': openEnd(film([pixels.data])),
  'animated, with QuickTime metadata': sequence(
    trak(tkhd(64, 64), box('meta', box('hdlr', Buffer.alloc(24)))),
    box('mdat')
  )
}

const located: Record<string, Buffer> = {
  EXIF: avifOf(64, 64, [pixels, exifItem()]),
  'EXIF that begins later': avifOf(64, 64, [pixels, exifItem(exif(), 6)]),
  'EXIF whose beginning is misstated': avifOf(64, 64, [
    pixels,
    { type: 'Exif', data: Buffer.concat([u32(999), exif()]) }
  ]),
  'EXIF in the tail': avifOf(64, 64, [pixels, junk, exifItem()]),
  'EXIF in the idat box': avifOf(64, 64, [pixels, exifItem()], { ilocVersion: 1, method: 1 }),
  'EXIF of a track': sequence(
    trak(tkhd(64, 64), avifOf(64, 64, [exifItem()], { ilocVersion: 1, method: 1, metaOnly: true })),
    box('mdat')
  ),
  XMP: avifOf(64, 64, [pixels, xmpItem()]),
  'XMP in the tail': avifOf(64, 64, [pixels, junk, xmpItem()]),
  'XMP in a user box': Buffer.concat([whole, box('uuid', XMP_TYPE, xmp())]),
  'the film': sequence(
    moov(box('trak', tkhd(64, 64)), box('udta', box('\xa9xyz', Buffer.from('+51-000/')))),
    box('mdat')
  )
}

const malformed: Record<string, Buffer> = {
  // GHSA-w3rx-r6r6-pgpr and GHSA-5p2g-fcmc-qvqq: boxes that do not get past themselves.
  'with a box of size 4 around everything': Buffer.concat([whole, u32(4), Buffer.from('free')]),
  'with a large box of size 0': Buffer.concat([whole, u32(1), Buffer.from('free'), u32(0), u32(0)]),
  'with an open box that is no data': Buffer.concat([whole, u32(0), Buffer.from('free')]),
  'with an open box inside': replaced(whole, 'ispe', u32(0), -4),
  'with a box of size 7 inside': replaced(whole, 'ispe', u32(7), -4),
  'with a large box of size 0 inside': replaced(
    replaced(whole, 'ispe', u32(1), -4),
    'ispe',
    Buffer.alloc(8),
    4
  ),
  'with a box larger than the one around it': replaced(whole, 'ispe', u32(2 ** 32 - 1), -4),
  'with a user box too short for its type': Buffer.concat([whole, box('uuid')]),
  'with loose bytes inside': replaced(
    whole,
    'iprp',
    u32(whole.readUInt32BE(whole.indexOf('iprp') - 4) - 1),
    -4
  ),
  'of two metadata boxes': Buffer.concat([whole, whole.subarray(28, whole.indexOf('mdat') - 4)]),
  'of two file types': Buffer.concat([whole, whole.subarray(0, 28)]),
  'about no picture': avifOf(64, 64, [pixels], { handler: 'text' }),
  'without metadata': Buffer.concat([whole.subarray(0, 28), box('mdat')]),
  'without a primary item': replaced(whole, 'pitm', 'free'),
  'with a primary item that is nowhere': replaced(whole, 'pitm', Buffer.of(0, 9), 8),
  'with a long primary item that is cut': replaced(whole, 'pitm', Buffer.of(1), 4),
  'without a size': replaced(whole, 'ispe', 'free'),
  'of no size': avif(64, { height: 0 }),
  'with a bit of a box inside': avifOf(64, 64, [pixels], {
    properties: [ispe(64, 64), box('free'), Buffer.alloc(3)]
  }),
  'without items': replaced(whole, 'infe', 'free'),
  'with pixels in no place': replaced(whole, 'iloc', u16(0), ILOC_SIZES + 8),
  'with a long grid too short': avifOf(64, 64, [
    { type: 'grid', data: Buffer.of(0, 1, 0, 0, 0, 9, 0, 9) },
    pixels
  ]),
  'without places': replaced(whole, 'iloc', 'free'),
  'with places of version 3': replaced(whole, 'iloc', Buffer.of(3), 4),
  'with numbers of 3 bytes': replaced(whole, 'iloc', Buffer.of(0x34), ILOC_SIZES),
  'with more places than there are': replaced(whole, 'iloc', Buffer.of(0xff, 0xff), ILOC_SIZES + 2),
  'with pixels in another file': replaced(whole, 'iloc', Buffer.of(0, 1), ILOC_SIZES + 6),
  'with pixels in another item': avifOf(64, 64, [pixels], { ilocVersion: 1, method: 2 }),
  'without the idat box': replaced(
    avifOf(64, 64, [pixels], { ilocVersion: 1, method: 1 }),
    'idat',
    'free'
  ),
  'with pixels beyond the idat box': replaced(
    avifOf(64, 64, [pixels], { ilocVersion: 1, method: 1 }),
    'iloc',
    u32(999),
    ILOC_SIZES + 12
  ),
  'with items of version 1': replaced(whole, 'infe', Buffer.of(1), 4),
  'with compressed XMP': avifOf(64, 64, [pixels, { ...xmpItem(), contentEncoding: 'deflate' }]),
  'with associations cut short': replaced(whole, 'ipma', u32(2 ** 32 - 1), 8),
  'with a grid too short': avifOf(64, 64, [{ type: 'grid', data: Buffer.of(0, 0) }, pixels]),
  'with a grid of no size': avifOf(64, 64, [grid(false, 0), pixels]),
  'with pixels in front of their header': avifOf(64, 64, [{ ...pixels, data: Buffer.of(0x32, 0) }]),
  'with a header cut short': avifOf(64, 64, [{ ...pixels, data: Buffer.of(0x0a, 1, 0x38) }]),
  'with a part of no length': avifOf(64, 64, [
    { ...pixels, data: Buffer.alloc(20, 0xff).fill(0x12, 0, 1) }
  ]),
  'with a track of version 2': sequence(trak(tkhd(64, 64, 2)), box('mdat')),
  'with a track too short': sequence(trak(fullBox('tkhd', 0)), box('mdat'))
}

const tooLarge: Record<string, Buffer> = {
  'with EXIF in the unseen bytes': avifOf(64, 64, [
    pixels,
    { ...junk, data: Buffer.alloc(90_000) },
    exifItem(),
    { ...junk, data: Buffer.alloc(90_000) }
  ]),
  'with metadata beyond the head': avifOf(64, 64, [{ ...pixels, name: 'a'.repeat(200_000) }]),
  'with XMP in unseen user boxes': Buffer.concat([
    whole,
    box('uuid', XMP_TYPE, Buffer.alloc(200_000))
  ]),
  'with boxes in the unseen bytes': Buffer.concat([
    whole,
    box('free', Buffer.alloc(90_000)),
    box('free', Buffer.alloc(90_000))
  ]),
  'with EXIF over and over': avifOf(64, 64, [
    pixels,
    ...Array.from({ length: 60 }, () => ({ ...exifItem(Buffer.alloc(40_000)), at: 0 }))
  ])
}

const all = (prefix: string, files: Record<string, Buffer>, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `avif: ${prefix}${name}`,
    bytes,
    format: 'avif',
    problems
  }))

const bomb = 65_535
const TIMING = `1${'0'.repeat(64)}`
const bitstream = (start: string) =>
  avifOf(64, 64, [{ ...pixels, data: openBitstream(start, bomb, bomb) }])
const bombs: Record<string, Buffer> = {
  picture: avif(bomb),
  tile: avifOf(64, 64, [pixels], { properties: [ispe(64, 64), ispe(bomb, bomb)] }),
  'bitstream in motion': bitstream('0'.repeat(29)),
  'bitstream with times': bitstream(
    `00000${TIMING}100101` + // an equal interval of a number in five bits
      `1${'00011'}${'0'.repeat(42)}` + // the model of a decoder, its delays in four bits
      `1${'00001'}` + // delays, and two operating points
      `${'0'.repeat(12)}01000${'0'}1${'0'.repeat(9)}1${'0000'}` +
      `${'0'.repeat(12)}00000${'0'}${'0'}`
  ),
  'bitstream with an endless number': bitstream(
    `00000${TIMING}1${'0'.repeat(32)}0000000${'0'.repeat(17)}`
  ),
  'bitstream of unequal intervals': bitstream(`00000${TIMING}00000000${'0'.repeat(17)}`),
  bitstream: avifOf(64, 64, [av01(bomb, bomb)]),
  grid: avifOf(64, 64, [grid(false, bomb), pixels]),
  track: sequence(trak(tkhd(bomb, bomb)), box('mdat')),
  'sample entry': film([pixels.data], { width: bomb })
}

export const avifCases: Case[] = [
  ...all('', good, '').map((one) => ({ ...one, size: '64x64' })),
  ...all('', malformed, 'MALFORMED'),
  ...all('', tooLarge, 'HEADER_TOO_LARGE'),
  ...all('a position by ', located, 'LOCATION_METADATA'),
  ...all('a bomb by ', bombs, '').map((one) => ({ ...one, size: '65535x65535' })),
  {
    name: 'avif: a HEIC picture of the brand',
    bytes: avifOf(64, 64, [{ ...pixels, type: 'hvc1' }]),
    format: null,
    problems: 'UNKNOWN_FORMAT'
  },
  {
    name: 'avif: a HEIC picture',
    bytes: avifOf(64, 64, [pixels], { brands: ['heic', 'mif1'] }),
    format: null,
    problems: 'UNKNOWN_FORMAT'
  },
  {
    name: 'avif: pixels beyond the end',
    bytes: replaced(whole, 'iloc', u32(999), ILOC_SIZES + 10),
    format: 'avif',
    problems: 'TRUNCATED'
  },
  {
    name: 'avif: a box beyond 2 ** 53',
    bytes: Buffer.concat([whole, u32(1), Buffer.from('free'), u32(2 ** 32 - 1), u32(9)]),
    format: 'avif',
    problems: 'TRUNCATED'
  },
  {
    name: 'avif: an open data box and HTML',
    bytes: Buffer.concat([openEnd(whole), Buffer.from('<html></html>')]),
    format: 'avif',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'avif: large, and HTML',
    bytes: Buffer.concat([avifOf(64, 64, [pixels, junk]), Buffer.from('<html></html>')]),
    format: 'avif',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'avif: with EXIF and half of it',
    bytes: withItem(whole, 'Exif', exif()).subarray(0, -80),
    format: 'avif',
    problems: 'TRUNCATED'
  }
]
