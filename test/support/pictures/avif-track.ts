// Animated AVIF pictures: a track's boxes around samples that lie in the mdat behind them.

import { av1C, box, fullBox, tkhd, u16, u32 } from './avif.ts'

export const moov = (...boxes: Buffer[]) => box('moov', ...boxes)
export const trak = (...boxes: Buffer[]) => moov(box('trak', ...boxes))
export const sequence = (...boxes: Buffer[]) =>
  Buffer.concat([box('ftyp', Buffer.from('avis'), u32(0), Buffer.from('avis')), ...boxes])

/** A track's media with one sample entry, and with what else is in the sample table. */
export const media = (
  type: string,
  width: number,
  config: Buffer[] = [],
  tables: Buffer[] = []
) => {
  const visual = [Buffer.alloc(24), u16(width), u16(width), Buffer.alloc(50)]
  const entries = fullBox('stsd', 0, u32(1), box(type, ...visual, ...config))
  return box('mdia', box('minf', box('stbl', entries, ...tables)))
}

interface Layout {
  type?: string
  /** What the sample entry says. */
  width?: number
  /** The units in the sample entry's configuration. */
  units?: Uint8Array
  /** How many samples lie in a row, as often as that goes on. */
  perChunk?: number
  /** Offsets of 8 bytes. */
  isLong?: boolean
  /** One size for all samples. */
  isUniform?: boolean
  /** Sample tables to be left out. */
  without?: string[]
  /** Sample tables to be added. */
  more?: Buffer[]
}

/** 64 × 64 pixels, if its boxes are to be believed. */
export function film(samples: Uint8Array[], layout: Layout = {}): Buffer {
  const {
    type = 'av01',
    width = 64,
    units,
    perChunk = 1,
    isLong,
    isUniform,
    without = [],
    more = []
  } = layout
  const chunks = samples.map((_, n) => n).filter((n) => n % perChunk === 0)
  const before = (n: number) => samples.slice(0, n).reduce((at, { length }) => at + length, 0)
  const header = (dataAt: number) => {
    const offsets = chunks.map((n) => u32(dataAt + before(n)))
    const tables = {
      stsz: isUniform
        ? [u32(samples[0]!.length), u32(samples.length)]
        : [u32(0), u32(samples.length), ...samples.map(({ length }) => u32(length))],
      stsc: [u32(1), u32(1), u32(perChunk), u32(1)],
      [isLong ? 'co64' : 'stco']: [
        u32(chunks.length),
        ...offsets.flatMap((offset) => (isLong ? [u32(0), offset] : [offset]))
      ]
    }
    const boxes = Object.entries(tables)
      .filter(([name]) => !without.includes(name))
      .map(([name, fields]) => fullBox(name, 0, ...fields))
    return sequence(trak(tkhd(64, 64), media(type, width, [av1C(units)], [...boxes, ...more])))
  }
  return Buffer.concat([header(header(0).length + 8), box('mdat', ...samples)])
}
