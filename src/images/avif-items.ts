// Judges the items of an AVIF: the size they ask a decoder for, their place, their metadata.

import { measureConfiguration, measureFrames } from './avif-frames.ts'
import { type Extent, type Item, type Location, type Meta, readMeta } from './avif-meta.ts'
import { type Box, within } from './boxes.ts'
import { exifHasPosition } from './exif.ts'
import type { Reading } from './picture.ts'
import { malformed, truncated, unknownFormat, unreadMetadata } from './stop.ts'
import { xmpHasPosition } from './xmp.ts'

const PRIMARY_TYPES = new Set(['av01', 'grid', 'iovl', 'iden', 'tmap', 'sato'])
const XMP = 'application/rdf+xml'
// ISO/IEC 23008-12, sections 6.6.2.3.2 and 6.6.2.2.2: where the size is of what is put together.
const CANVAS_AT: Record<string, number> = { grid: 4, iovl: 10 }

/**
 * @param of a picture has a primary item; the items of a track are only metadata
 * @returns where the items' data in the file ends
 */
export function readItems(reading: Reading, box: Box, of: 'picture' | 'track'): number {
  const { window } = reading
  const meta = readMeta(window, box)
  if (of === 'picture') readPrimary(reading, meta)
  const tellsSize =
    meta.configurations.filter((one) => measureConfiguration(reading, one)).length > 0
  let dataEnd = 0
  for (const [id, location] of meta.locations) {
    window.budget.step()
    const extents = extentsOf(meta, location, window.size)
    for (const { at, length } of extents) {
      window.budget.step()
      if (at + length > window.size) throw truncated()
      dataEnd = Math.max(dataEnd, at + length)
    }
    const item = meta.items.get(id)
    if (item) readItem(reading, item, extents)
    const isPicture = item?.type === 'av01' && extents.length > 0
    if (isPicture && !measureFrames(reading, extents) && !tellsSize) {
      throw malformed('The AVIF pixels have no header.')
    }
  }
  return dataEnd
}

function readPrimary(reading: Reading, meta: Meta) {
  const { handler, primary, items, locations } = meta
  if (handler !== 'pict') throw malformed('The AVIF header is not about a picture.')
  const type = items.get(primary ?? -1)?.type
  if (primary === null || type === undefined) throw malformed('The AVIF has no primary picture.')
  if (!PRIMARY_TYPES.has(type)) throw unknownFormat()
  const sizes = meta.properties.get(primary)?.map((number) => meta.sizes.get(number))
  const size = sizes?.find(Boolean)
  if (!size) throw malformed('The AVIF does not tell its size.')
  const isEmpty = !locations.get(primary)?.extents.length
  if (isEmpty && type !== 'iden') throw malformed('The AVIF has no pixels.')
  reading.measure(...largest([...meta.sizes.values()], size))
}

function readItem(reading: Reading, item: Item, extents: Extent[]) {
  const { budget } = reading.window
  if (item.type === 'Exif') {
    // ISO/IEC 23008-12, annex A.2.1: four bytes say how far behind them the TIFF header is.
    const bytes = dataOf(reading, extents)
    const skipped = bytes.length < 4 ? 0 : bytes.readUInt32BE(0)
    const blocks = [bytes.subarray(4 + skipped), bytes.subarray(4)]
    reading.locate(blocks.some((block) => exifHasPosition(block, budget)))
  }
  if (item.type === 'mime' && item.contentType === XMP) {
    if (item.contentEncoding !== '') throw malformed('The AVIF holds compressed metadata.')
    reading.locate(xmpHasPosition(dataOf(reading, extents), budget))
  }
  const canvasAt = CANVAS_AT[item.type]
  if (canvasAt !== undefined) readCanvas(reading, dataOf(reading, extents), canvasAt)
}

function readCanvas(reading: Reading, bytes: Buffer, at: number) {
  const isLong = (bytes[1]! & 1) > 0
  if (bytes.length < at + (isLong ? 8 : 4)) throw malformed('The AVIF canvas is too short.')
  if (isLong) reading.measure(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4))
  else reading.measure(bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2))
}

function dataOf({ window }: Reading, extents: Extent[]): Buffer {
  return Buffer.concat(
    extents.map(({ at, length }) => {
      window.budget.spend(length) // extents may repeat the same bytes any number of times
      if (window.hides(at, length)) throw unreadMetadata()
      return window.bytes(at, length)
    })
  )
}

/** An item's extents as places in the file. */
function extentsOf({ idat }: Meta, location: Location, size: number): Extent[] {
  const { method, isElsewhere, extents } = location
  if (isElsewhere || method > 1) throw malformed('The AVIF keeps its data in an unknown place.')
  if (method === 0) {
    return extents.map(({ at, length }) => ({ at, length: length || Math.max(0, size - at) }))
  }
  if (!idat) throw malformed('The AVIF lacks the box its data should be in.')
  return extents.map(({ at, length }) => {
    const start = within(idat, at, length)
    return { at: start, length: length || idat.end - start }
  })
}

function largest(sizes: [number, number][], first: [number, number]): [number, number] {
  return sizes.reduce((most, size) => (size[0] * size[1] > most[0] * most[1] ? size : most), first)
}
