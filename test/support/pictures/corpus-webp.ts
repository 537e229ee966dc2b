// WebP files, good and bad: RIFF sizes, canvases, animation and metadata behind the pixels.

import type { Case } from './corpus.ts'
import { exif, ONLY_VERSION, xmp } from './exif.ts'
import { anim, anmf, extended, riff, riffChunk, vp8, vp8l, vp8x, webp } from './webp.ts'

const EXIF = 8
const XMP = 4
const ANIMATED = 2
const whole = webp(64)
const junk = (bytes = 200_000) => riffChunk('JUNK', Buffer.alloc(bytes))
const exifChunk = (gps = true) => riffChunk('EXIF', gps ? exif() : exif(ONLY_VERSION))
const xmpChunk = (attributes?: string) => riffChunk('XMP ', xmp(attributes))
const animated = (frames: Buffer[], flags = ANIMATED) =>
  riff([vp8x(flags, 64, 64), anim(), ...frames])
const frame = (size = 64) => anmf(vp8l(size), size, size)
const large = (after: Buffer[], flags = ANIMATED) =>
  animated(
    [
      ...Array.from({ length: 40 }, () => anmf(Buffer.concat([vp8l(64), junk(5000)]), 64, 64)),
      ...after
    ],
    flags
  )
const patched = (picture: Buffer, at: number, ...bytes: number[]) => {
  const copy = Buffer.from(picture)
  copy.set(bytes, at)
  return copy
}
const trailingSize = (picture: Buffer, by: number) => {
  const copy = Buffer.from(picture)
  copy.writeUInt32LE(copy.readUInt32LE(4) + by, 4)
  return copy
}
// A chunk that makes the next one begin a few bytes before the head ends.
const upTo = (bytesLeft: number) =>
  riffChunk('JUNK', Buffer.alloc(65_536 - 12 - 18 - 14 - 8 - bytesLeft))

const good: Record<string, Buffer> = {
  lossy: riff([vp8(64, 64)]),
  extended: extended(whole, 0, []),
  'extended and lossy': riff([vp8x(0, 64, 64), vp8(64, 64)]),
  'with alpha': riff([vp8x(16, 64, 64), riffChunk('ALPH', Buffer.alloc(5)), vp8(64, 64)]),
  'with an ICC profile': extended(whole, 32, [], [riffChunk('ICCP', Buffer.alloc(501))]),
  'with EXIF and no position': extended(whole, EXIF, [exifChunk(false)]),
  'with XMP and no position': extended(whole, XMP, [xmpChunk('dc:x="1"')]),
  'with a chunk of an odd length': extended(whole, 0, [junk(3)]),
  'with an odd RIFF size': riffOdd(),
  animated: animated([frame(), anmf(vp8l(20), 20, 20, { x: 44, y: 2 }), anmf(vp8(8, 8), 8, 8)]),
  large: extended(whole, 0, [junk()]),
  'large, with EXIF in the tail': extended(whole, EXIF, [junk(), exifChunk(false)]),
  'large and animated': large([]),
  'large and animated, with EXIF in the tail': large([exifChunk(false)], ANIMATED | EXIF),
  'large, with a chunk header cut by the unseen bytes': animated([
    upTo(30 + 38),
    frame(),
    frame(),
    junk()
  ]),
  'large, with a frame header cut by the unseen bytes': animated([
    frame(),
    upTo(60),
    frame(),
    junk()
  ])
}

const located: Record<string, Buffer> = {
  'EXIF that no flag announces': extended(whole, 0, [exifChunk()]),
  'EXIF with a prefix': extended(whole, EXIF, [
    riffChunk('EXIF', Buffer.concat([Buffer.from('Exif\0\0'), exif()]))
  ]),
  'EXIF behind a large picture': extended(whole, EXIF, [junk(), exifChunk()]),
  'EXIF behind a large animation': large(
    [exifChunk(), riffChunk('XMP ', xmp('a="1"'))],
    ANIMATED | EXIF
  ),
  XMP: extended(whole, XMP, [xmpChunk()]),
  'XMP behind a large picture': extended(whole, XMP, [junk(), xmpChunk()])
}

const malformed: Record<string, Buffer> = {
  'that begins with something else': riff([junk(4), vp8l(64)]),
  'of no picture': riff([vp8x(0, 64, 64)]),
  'of two pictures': riff([vp8l(64), vp8l(64)]),
  'larger than its canvas': riff([vp8x(0, 32, 32), vp8l(64)]),
  'less high than its canvas': riff([vp8x(0, 64, 128), vp8l(64)]),
  'smaller than its canvas': riff([vp8x(0, 128, 128), vp8l(64)]),
  'with two headers': riff([vp8x(0, 64, 64), vp8x(0, 64, 64), vp8l(64)]),
  'with a header too short': riff([riffChunk('VP8X', Buffer.alloc(4)), vp8l(64)]),
  'of a still picture that should move': riff([vp8x(ANIMATED, 64, 64), vp8l(64)]),
  'of frames that should not move': riff([vp8x(0, 64, 64), frame()]),
  'of a frame outside': animated([anmf(vp8l(64), 64, 64, { x: 2 })]),
  'of a frame below': animated([anmf(vp8l(64), 64, 64, { y: 2 })]),
  'of a frame that lies about its size': animated([anmf(vp8l(64), 32, 32)]),
  'of a frame too short': animated([riffChunk('ANMF', Buffer.alloc(10))]),
  'of a frame that ends in its picture': animated([anmf(patched(vp8l(64), 4, 0xff), 64, 64)]),
  'of a chunk that goes on behind RIFF': patched(whole, 16, 0xff),
  'without its signature': patched(whole, 20, 0),
  'of a version to come': patched(whole, 24, 0xff),
  'lossless and too short': riff([riffChunk('VP8L', Buffer.of(0x2f))]),
  'lossy and too short': riff([riffChunk('VP8 ', Buffer.alloc(4))]),
  'lossy, with no key frame': riff([patched(vp8(64, 64), 8, 1)]),
  'lossy, without its start code': riff([patched(vp8(64, 64), 11, 0)]),
  'lossy, with a partition too long': riff([patched(vp8(64, 64), 9, 0xff)]),
  'lossy and of no size': riff([vp8(0, 64)])
}

const tooLarge: Record<string, Buffer> = {
  'that announces EXIF and has none': extended(whole, EXIF, []),
  'that announces XMP and has none': extended(whole, XMP, []),
  'with EXIF in the unseen bytes': extended(whole, EXIF, [junk(90_000), exifChunk(), junk(90_000)]),
  'with EXIF cut by the unseen bytes': extended(whole, EXIF, [
    riffChunk('EXIF', Buffer.alloc(200_000))
  ]),
  'with XMP cut by the unseen bytes': extended(whole, XMP, [
    riffChunk('XMP ', Buffer.alloc(200_000))
  ]),
  'with a picture in the unseen bytes': riff([
    vp8x(0, 64, 64),
    junk(90_000),
    vp8l(64),
    junk(90_000)
  ])
}

const all = (prefix: string, files: Record<string, Buffer>, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `webp: ${prefix}${name}`,
    bytes,
    format: 'webp',
    problems
  }))

export const webpCases: Case[] = [
  ...all('', good, ''),
  ...all('', malformed, 'MALFORMED'),
  ...all('', tooLarge, 'HEADER_TOO_LARGE'),
  ...all('a position by ', located, 'LOCATION_METADATA'),
  { name: 'webp: a bomb', bytes: webp(16_384), format: 'webp', problems: '', size: '16384x16384' },
  {
    name: 'webp: a bomb of a canvas',
    bytes: riff([vp8x(ANIMATED, 65_535, 65_535), anim(), frame()]),
    format: 'webp',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'webp: with a RIFF size too short',
    bytes: trailingSize(whole, -2),
    format: 'webp',
    problems: 'TRAILING_DATA,MALFORMED'
  },
  {
    name: 'webp: with a RIFF size too long',
    bytes: trailingSize(whole, 2),
    format: 'webp',
    problems: 'TRUNCATED'
  },
  {
    name: 'webp: large, and text',
    bytes: Buffer.concat([large([]), Buffer.from('<html>')]),
    format: 'webp',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'webp: with a ZIP inside RIFF',
    bytes: extended(whole, 0, [riffChunk('JUNK', Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`))]),
    format: 'webp',
    problems: 'TRAILING_DATA'
  }
]

function riffOdd(): Buffer {
  const picture = extended(whole, 0, [junk(3)])
  return trailingSize(picture, -1)
}
