// AVIF files that hide from a reader, but not from a decoder, how large they are or where they end.

import { HEAD_BYTES } from '../../../src/images/inspect.ts'
import {
  av1C,
  av01,
  avifOf,
  box,
  fullBox,
  type Item,
  ispe,
  sequenceHeader,
  tkhd,
  u16,
  u32
} from './avif.ts'
import { film, media, moov, trak } from './avif-track.ts'
import type { Case } from './corpus.ts'

const BOMB = 65_535
const small = av01(64, 64)
const large = av01(BOMB, BOMB)
const frame = small.data.subarray(-16) // behind the sequence header
const cut = (item: Item, ...at: number[]): Item => ({
  ...item,
  extents: [...at, item.data.length].map((end, n) => end - (at[n - 1] ?? 0))
})
const joined = (...data: Uint8Array[]): Item => ({ type: 'av01', data: Buffer.concat(data) })
const overlay = (isLong: boolean): Item => ({
  type: 'iovl',
  data: Buffer.concat([
    Buffer.of(0, isLong ? 1 : 0),
    Buffer.alloc(8),
    ...(isLong ? [u32(BOMB), u32(BOMB)] : [u16(BOMB), u16(BOMB)])
  ])
})
const configured = (units: Uint8Array) => ({ properties: [ispe(64, 64), av1C(units)] })
const inIdat = (more: object = {}) => ({ ilocVersion: 1, method: 1, ...more }) as const
const junk = Buffer.alloc(150_000)
const html = Buffer.from('<html></html>')
const headless = joined(Buffer.of(0x12, 0), frame)

const filler = (length: number): Item => ({ type: 'junk', data: Buffer.alloc(length) })
const headerAt = (place: number) => {
  const made = (length: number) => avifOf(64, 64, [small, filler(length), small, filler(150_000)])
  return made(place - (made(0).length - 150_000 - small.data.length))
}

const bombs: { [name: string]: Buffer } = {
  'a bitstream in two parts': avifOf(64, 64, [cut(large, 2)]),
  'a bitstream in parts of a header': avifOf(64, 64, [cut(large, 1, 3, 5)]),
  'a bitstream in two parts of the idat box': avifOf(64, 64, [cut(large, 2)], inIdat()),
  'a bitstream in parts, the last of them unseen': avifOf(64, 64, [
    cut(joined(large.data, junk), 2, 20)
  ]),
  'a second header': avifOf(64, 64, [joined(small.data, large.data)]),
  'a second header right behind the first': avifOf(64, 64, [
    joined(sequenceHeader(64, 64), large.data)
  ]),
  'a header that is not the last': avifOf(64, 64, [joined(large.data, small.data)]),
  'the header of a configuration': avifOf(64, 64, [small], configured(sequenceHeader(BOMB, BOMB))),
  'the only header, of a configuration': avifOf(
    64,
    64,
    [headless],
    configured(sequenceHeader(BOMB, BOMB))
  ),
  'an overlay': avifOf(64, 64, [overlay(false), small]),
  'a long overlay': avifOf(64, 64, [overlay(true), small]),
  'a sample': film([large.data]),
  'a second sample': film([small.data, large.data]),
  'a second sample in a row': film([small.data, large.data], { perChunk: 2 }),
  'a second sample of one size': film([small.data, large.data], { perChunk: 2, isUniform: true }),
  'a third sample of two runs': film([small.data, small.data, large.data], {
    perChunk: 2,
    without: ['stsc'],
    more: [fullBox('stsc', 0, ...[2, 1, 2, 1, 2, 1, 1].map(u32))]
  }),
  'a sample at a long offset': film([small.data, large.data], { isLong: true }),
  'a sample in front of the unseen bytes': film([large.data, junk]),
  'a sample behind the unseen bytes': film([junk, large.data]),
  'the configuration of a track': film([small.data], { units: sequenceHeader(BOMB, BOMB) })
}

const good: { [name: string]: Buffer } = {
  'in two parts': avifOf(64, 64, [cut(small, 2)]),
  'with a header in its configuration': avifOf(
    64,
    64,
    [headless],
    configured(sequenceHeader(64, 64))
  ),
  'large, in parts, one of them unseen': avifOf(64, 64, [
    cut(joined(small.data, Buffer.of(0x7a, 0xf0, 0x93, 9), junk.subarray(0, 150_000 - 6)), 70_000)
  ]),
  'large, with a header cut by the unseen bytes': headerAt(HEAD_BYTES - 6),
  'animated, of sound samples': film([html], { type: 'mp4a' })
}

const malformed: { [name: string]: Buffer } = {
  'with two places of an item': renumbered('iloc', 26),
  'with two kinds of an item': renumbered('infe', 8),
  'without a sequence header': avifOf(64, 64, [headless]),
  'with parts of no length': avifOf(64, 64, [{ ...small, extents: [0, small.data.length] }]),
  'with a unit longer than its item': avifOf(64, 64, [joined(small.data, Buffer.of(0x7a, 9))]),
  'with a unit that ends in its length': avifOf(64, 64, [joined(small.data, Buffer.of(0x7a))]),
  'with a configuration that goes on in its item': avifOf(
    64,
    64,
    [small],
    configured(Buffer.of(0x7a, 9))
  ),
  'with a configuration too short': avifOf(64, 64, [small], {
    properties: [ispe(64, 64), box('av1C')]
  }),
  'with an overlay too short': avifOf(64, 64, [{ type: 'iovl', data: Buffer.alloc(13) }, small]),
  'with a long overlay too short': avifOf(64, 64, [
    { type: 'iovl', data: overlay(true).data.subarray(0, 17) },
    small
  ]),
  'with samples of no size': film([small.data], { without: ['stsz'] }),
  'with samples in no chunk': film([small.data], { without: ['stsc'] }),
  'with samples in no place': beforeData(
    avifOf(64, 64, [small], inIdat()),
    trak(tkhd(64, 64), media('av01', 64))
  ),
  'with two tables of samples': film([small.data], { more: [fullBox('stsc', 0, u32(0))] }),
  'with more samples than it lists': film([Buffer.alloc(0)], {
    perChunk: 2 ** 32 - 1,
    without: ['stsz'],
    more: [fullBox('stsz', 0, u32(0), u32(2 ** 32 - 1))]
  })
}

// The second of two items gets the number of the first.
function renumbered(type: string, at: number): Buffer {
  const copy = avifOf(64, 64, [large, small])
  copy.writeUInt16BE(1, copy.lastIndexOf(type) + at)
  return copy
}

const openEnd = (picture: Buffer) => {
  const copy = Buffer.from(picture)
  copy.writeUInt32BE(0, copy.lastIndexOf('mdat') - 4)
  return copy
}
function beforeData(picture: Buffer, more: Buffer) {
  const at = picture.lastIndexOf('mdat') - 4
  return Buffer.concat([picture.subarray(0, at), more, picture.subarray(at)])
}

const trailing: { [name: string]: Buffer } = {
  'an empty moov, an open data box and HTML': Buffer.concat([
    openEnd(beforeData(avifOf(64, 64, [small], inIdat()), moov())),
    html
  ]),
  'a track, an open data box and HTML': Buffer.concat([openEnd(film([small.data])), html])
}

const all = (prefix: string, files: { [name: string]: Buffer }, problems: Case['problems']) =>
  Object.entries(files).map(
    ([name, bytes]): Case => ({ name: `avif: ${prefix}${name}`, bytes, format: 'avif', problems })
  )

export const avifSizeCases: Case[] = [
  ...all('a bomb by ', bombs, '').map((one) => ({ ...one, size: `${BOMB}x${BOMB}` })),
  ...all('', good, '').map((one) => ({ ...one, size: '64x64' })),
  ...all('', malformed, 'MALFORMED'),
  ...all('', trailing, 'TRAILING_DATA'),
  ...all('', { 'a track cut short': film([small.data]).subarray(0, -1) }, 'TRUNCATED'),
  ...all(
    '',
    { 'an open track cut short': openEnd(film([small.data])).subarray(0, -1) },
    'TRUNCATED'
  )
]
