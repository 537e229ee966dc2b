// AVIF pictures: a real AV1 key frame, in boxes and with a sequence header that state the wanted size.

import { type Paint } from './colours.ts'

export interface Item {
  type: string
  data: Uint8Array
  name?: string
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
  handler?: string
  properties?: Buffer[]
}

/** ftyp, meta and mdat around items, the first of which is the primary one. */
export function avifOf(width: number, height: number, items: Item[], layout: Layout = {}): Buffer {
  const { brands = ['avif', 'mif1', 'avif', 'miaf'], handler = 'pict' } = layout
  const ftyp = box('ftyp', Buffer.from(brands[0]!), u32(0), ...brands.slice(1).map(Buffer.from))
  const properties = layout.properties ?? [ispe(width, height), AV1C]
  const metaAt = (dataAt: number) =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), Buffer.from(handler), Buffer.alloc(13)),
      fullBox('pitm', 0, u16(1)),
      iloc(items, dataAt, layout.ilocVersion ?? 0),
      fullBox('iinf', 0, u16(items.length), ...items.map(infe)),
      box('iprp', box('ipco', ...properties), ipma())
    )
  const dataAt = ftyp.length + metaAt(0).length + 8
  return Buffer.concat([ftyp, metaAt(dataAt), box('mdat', ...items.map(({ data }) => data))])
}

export function box(type: string, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([u32(content.length + 8), Buffer.from(type, 'latin1'), content])
}

export const fullBox = (type: string, version: number, ...contents: Uint8Array[]) =>
  box(type, Buffer.of(version, 0, 0, 0), ...contents)

export const ispe = (width: number, height: number) => fullBox('ispe', 0, u32(width), u32(height))

const AV1C = box('av1C', Buffer.from('81200200', 'hex'))

const ipma = () => fullBox('ipma', 0, u32(1), u16(1), Buffer.of(2, 1, 0x82))

const infe = ({ type, name = '' }: Item, n: number) =>
  fullBox(
    'infe',
    2,
    u16(n + 1),
    u16(0),
    Buffer.from(type),
    Buffer.from(`${name}\0`),
    Buffer.from(type === 'mime' ? 'application/rdf+xml\0' : '')
  )

function iloc(items: Item[], dataAt: number, version: 0 | 1 | 2): Buffer {
  let at = dataAt
  const locations = items.map(({ data }, n) => {
    const id = version === 2 ? u32(n + 1) : u16(n + 1)
    const method = version === 0 ? Buffer.alloc(0) : u16(0)
    const location = [id, method, u16(0), u16(1), u32(at), u32(data.length)]
    at += data.length
    return Buffer.concat(location)
  })
  const count = version === 2 ? u32(items.length) : u16(items.length)
  return fullBox('iloc', version, Buffer.of(0x44, 0), count, ...locations)
}

// AV1 specification, section 5.5.1, with reduced_still_picture_header and 16 bits for each size.
function sequenceHeader(width: number, height: number): Buffer {
  const bits = [
    '001',
    '1',
    '1',
    '00000',
    '1111',
    '1111',
    binary(width),
    binary(height),
    AFTER_SIZES
  ].join('')
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
  return Buffer.from([0x0a, bytes.length, ...bytes])
}

const binary = (size: number) => (size - 1).toString(2).padStart(16, '0')

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
