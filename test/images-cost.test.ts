// No file is expensive to read, however often it makes a reader turn to the same bytes.

import { deflateSync } from 'node:zlib'

import t from 'tap'

import { inspect } from '../src/images/inspect.ts'
import { av01, avifOf, type Item } from './support/pictures/avif.ts'
import { gifXmp } from './support/pictures/exif.ts'
import { withBlock } from './support/pictures/gif.ts'
import { type Chunk, withChunks } from './support/pictures/png.ts'
import { gif, objectBytes, png } from './support/pictures.ts'

const MOST_MS = 20
const RUNS = 9 // of which the fastest counts, for others share this machine

const profile = (name: string, text: Buffer): Chunk => [
  'zTXt',
  Buffer.concat([Buffer.from(`Raw profile type ${name}\0\0`, 'latin1'), deflateSync(text)])
]
const inPng = (...chunks: Chunk[]) => withChunks(png(64), chunks)

/** A directory of entries that all lead to one XMP packet. */
function packets(packet: Buffer, times: number): Buffer {
  const block = Buffer.alloc(8 + 2 + times * 12 + 4)
  block.write('II*\0\x08', 'latin1')
  block.writeUInt16LE(times, 8)
  for (let n = 0; n < times; n++) {
    block.writeUInt16LE(0x2bc, 10 + n * 12)
    block.writeUInt32LE(packet.length, 10 + n * 12 + 4)
    block.writeUInt32LE(block.length, 10 + n * 12 + 8)
  }
  return Buffer.concat([block, packet])
}

const extents = (type: string, count: number, length: number): Item => ({
  type,
  data: Buffer.alloc(length),
  extents: Array.from({ length: count }, () => length)
})
const parts = (type: string, count: number, length: number) =>
  avifOf(64, 64, [av01(64, 64), ...Array.from({ length: 2 }, () => extents(type, count, length))])
const names = (bytes: number, name: string) => Buffer.alloc(bytes, name)

const files: Record<string, Buffer> = {
  'a profile of a million newlines': inPng(profile('exif', Buffer.alloc(1_030_000, '\n'))),
  'a profile of half a million lines': inPng(profile('exif', Buffer.alloc(1_030_000, '4\n'))),
  'a profile of one line': inPng(profile('exif', Buffer.alloc(1_030_000, '4'))),
  'a profile of a million zeros': inPng(profile('xmp', Buffer.alloc(1_030_000))),
  'XMP read again and again': inPng(['eXIf', packets(names(60_000, 'gpslatitude/'), 33)]),
  'XMP of zeros read again and again': inPng(['eXIf', packets(names(60_000, 'a\0'), 33)]),
  'XMP of spaces read again and again': inPng([
    'eXIf',
    packets(names(60_000, `gpslatitude${' '.repeat(60)}/`), 33)
  ]),
  'short XMP read ten thousand times': inPng(['eXIf', packets(names(20, 'gps'), 10_000)]),
  'names in a GIF': withBlock(gif(64), gifXmp(names(60_000, 'gpslatitude/'))),
  'names in the tail of a GIF': withBlock(gif(600), gifXmp(names(60_000, 'gpslatitude/'))),
  'parts of no length': parts('Exif', 15_000, 0),
  'parts of no length of XMP': parts('mime', 15_000, 0),
  'parts of one byte': parts('Exif', 7_000, 1),
  'parts of a grid': parts('grid', 7_000, 1),
  'parts of a picture': parts('av01', 7_000, 1)
}

for (const [name, bytes] of Object.entries(files)) {
  t.test(`${name} are read in less than ${MOST_MS} ms`, async (t) => {
    const ends = objectBytes(bytes)
    const times = Array.from({ length: RUNS }, () => {
      const start = performance.now()
      inspect(ends)
      return performance.now() - start
    })
    t.ok(Math.min(...times) < MOST_MS, `${Math.min(...times).toFixed(1)} ms`)
  })
}
