// AVIF pictures: a real AV1 key frame, in boxes and with a sequence header that state the wanted size.

import type { Paint } from './colours.ts'

export interface Item {
  type: string
  data: Uint8Array
  name?: string
  contentType?: string
  contentEncoding?: string
  /** Where the data is said to be, if not where it is. */
  at?: number
  /** How long the parts are that the data is said to be in, if not in one. */
  extents?: number[]
}

// What an encoder wrote for 16 × 16 grey pixels, in the parts around the two stated sizes.
const FRAME = Buffer.from('320e1c4262e4e000160000757d59bba0', 'hex')
const AFTER_SIZES = '01101001000000010000110100000110100100'

/** An AVIF of `size` × `size` (or `height`) pixels; its structure is whole, its pixels are 16 × 16. */
export const avif = (size: number, { height = size }: Paint = {}): Buffer =>
  avifOf(size, height, [av01(size, height)])

export const av01 = (width: number, height: number): Item => ({
  type: 'av01',
  data: Buffer.concat([Buffer.of(0x12, 0), sequenceHeader(width, height), FRAME])
})

/** The AVIF with one more item, such as Exif or mime, at the end of its mdat. */
export function withItem(picture: Buffer, type: string, data: Uint8Array): Buffer {
  const ispe = picture.indexOf('ispe') + 8
  const width = picture.readUInt32BE(ispe)
  const height = picture.readUInt32BE(ispe + 4)
  return avifOf(width, height, [av01(width, height), { type, data }])
}

interface Layout {
  brands?: string[]
  ilocVersion?: 0 | 1 | 2
  /** Offsets and lengths of 8 bytes, and a base of 8. */
  isLong?: boolean
  /** 0: the items are in mdat, 1: in idat, 2: pretended to be in another item. */
  method?: number
  handler?: string
  properties?: Buffer[]
  associations?: number[][]
  longAssociations?: boolean
  /** Every number of an item takes 4 bytes. */
  longIds?: boolean
  /** The last item's data comes first. */
  reversed?: boolean
  metaOnly?: boolean
}

/** ftyp, meta and mdat around items, the first of which is the primary one. */
export function avifOf(width: number, height: number, items: Item[], layout: Layout = {}): Buffer {
  const {
    brands = ['avif', 'mif1', 'avif', 'miaf'],
    handler = 'pict',
    method = 0,
    longIds = false
  } = layout
  const ftyp = box('ftyp', Buffer.from(brands[0]!), u32(0), ...brands.slice(1).map(Buffer.from))
  const properties = layout.properties ?? [ispe(width, height), av1C()]
  const stored = layout.reversed ? [...items].reverse() : items
  const data = stored.map((item) => item.data)
  const metaAt = (dataAt: number) =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), Buffer.from(handler), Buffer.alloc(13)),
      longIds ? fullBox('pitm', 1, u32(1)) : fullBox('pitm', 0, u16(1)),
      iloc(items, stored, dataAt, layout),
      fullBox(
        'iinf',
        longIds ? 1 : 0,
        longIds ? u32(items.length) : u16(items.length),
        ...items.map((item, n) => infe(item, n, longIds))
      ),
      box('iprp', box('ipco', ...properties), ipma(layout)),
      ...(method === 1 ? [box('idat', ...data)] : [])
    )
  if (method === 1) {
    return layout.metaOnly ? metaAt(0) : Buffer.concat([ftyp, metaAt(0), box('mdat')])
  }
  const dataAt = ftyp.length + metaAt(0).length + 8
  return Buffer.concat([ftyp, metaAt(dataAt), box('mdat', ...data)])
}

export function box(type: string, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([u32(content.length + 8), Buffer.from(type, 'latin1'), content])
}

export const fullBox = (type: string, version: number, ...contents: Uint8Array[]) =>
  box(type, Buffer.of(version, 0, 0, 0), ...contents)

export const ispe = (width: number, height: number) => fullBox('ispe', 0, u32(width), u32(height))

export const av1C = (units: Uint8Array = Buffer.alloc(0)) =>
  box('av1C', Buffer.from('81200200', 'hex'), units)

function ipma({
  associations = [[1, 2]],
  longAssociations = false,
  longIds = false
}: Layout): Buffer {
  const essential = longAssociations ? 0x8000 : 0x80
  const number = (value: number) =>
    longAssociations ? u16(value | essential) : Buffer.of(value | essential)
  const entries = associations.map((numbers) =>
    Buffer.concat([longIds ? u32(1) : u16(1), Buffer.of(numbers.length), ...numbers.map(number)])
  )
  const flags = Buffer.of(longIds ? 1 : 0, 0, 0, longAssociations ? 1 : 0)
  return box('ipma', flags, u32(entries.length), ...entries)
}

function infe(
  { type, name = '', contentType, contentEncoding }: Item,
  n: number,
  longIds: boolean
): Buffer {
  const texts = type === 'mime' ? [contentType ?? 'application/rdf+xml', contentEncoding ?? ''] : []
  const text = Buffer.from([name, ...texts].map((part) => `${part}\0`).join(''))
  const id = longIds ? u32(n + 1) : u16(n + 1)
  return fullBox('infe', longIds ? 3 : 2, id, u16(0), Buffer.from(type), text)
}

function iloc(items: Item[], stored: Item[], dataAt: number, layout: Layout): Buffer {
  const { ilocVersion: version = 0, method = 0, isLong = false } = layout
  const start = (item: Item) =>
    stored.slice(0, stored.indexOf(item)).reduce((at, { data }) => at + data.length, dataAt)
  const number = (value: number) => (isLong ? Buffer.concat([u32(0), u32(value)]) : u32(value))
  const locations = items.map((item, n) => {
    const { at = start(item), data, extents = [data.length] } = item
    return Buffer.concat([
      version === 2 ? u32(n + 1) : u16(n + 1),
      version === 0 ? Buffer.alloc(0) : u16(method),
      u16(0),
      isLong ? number(0) : Buffer.alloc(0),
      u16(extents.length),
      ...extents.flatMap((length, n) => [
        number(extents.slice(0, n).reduce((sum, one) => sum + one, at)),
        number(length)
      ])
    ])
  })
  const sizes = isLong ? Buffer.of(0x88, 0x80) : Buffer.of(0x44, 0)
  const count = version === 2 ? u32(items.length) : u16(items.length)
  return fullBox('iloc', version, sizes, count, ...locations)
}

/** A track header; in version 1 its times take twice the room. */
export function tkhd(width: number, height: number, version = 0): Buffer {
  const times = Buffer.alloc(version === 0 ? 72 : 84)
  return fullBox('tkhd', version, times, u16(width), u16(0), u16(height), u16(0))
}

/** With reduced_still_picture_header and 16 bits for each size: AV1 specification, section 5.5.1. */
export const sequenceHeader = (width: number, height: number) =>
  openBitstream('0011100000', width, height, AFTER_SIZES)

/** A sequence header that begins with these bits and then states its sizes. */
export function openBitstream(start: string, width: number, height: number, rest = ''): Buffer {
  const bits = `${start}11111111${binary(width)}${binary(height)}${rest}`
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, n) =>
    Number.parseInt(bits.slice(n * 8, n * 8 + 8).padEnd(8, '0'), 2)
  )
  return Buffer.from([0x0a, bytes.length, ...bytes])
}

const binary = (size: number) =>
  Math.max(0, size - 1)
    .toString(2)
    .padStart(16, '0')

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
