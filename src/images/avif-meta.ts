// Reads the meta box of an AVIF: which items there are, where they lie, how large they say they are.

import { readLocations } from './avif-locations.ts'
import { type Box, boxesIn, within } from './boxes.ts'
import type { ByteWindow } from './byte-window.ts'
import { malformed } from './stop.ts'

export interface Extent {
  at: number
  length: number
}

export interface Location {
  /** ISO/IEC 14496-12, section 8.11.3: 0 in the file, 1 in the idat box, 2 in another item. */
  method: number
  isElsewhere: boolean
  extents: Extent[]
}

export interface Item {
  type: string
  contentType: string
  contentEncoding: string
}

export interface Meta {
  handler: string
  primary: number | null
  items: Map<number, Item>
  locations: Map<number, Location>
  idat: Box | null
  /** Width and height by the property's number, from 1. */
  sizes: Map<number, [number, number]>
  properties: Map<number, number[]>
  /** Boxes with units of a bitstream. */
  configurations: Box[]
}

const FULL_BOX_BYTES = 4

export function readMeta(window: ByteWindow, box: Box): Meta {
  const meta: Meta = {
    handler: '',
    primary: null,
    items: new Map(),
    locations: new Map(),
    idat: null,
    sizes: new Map(),
    properties: new Map(),
    configurations: []
  }
  // Unseen bytes cannot be told from missing ones further down, so the whole box is asked for.
  window.bytes(box.dataAt, box.end - box.dataAt)
  for (const child of boxesIn(window, box.dataAt + FULL_BOX_BYTES, box.end)) {
    readers[child.type]?.(window, child, meta)
  }
  return meta
}

type Reader = (window: ByteWindow, box: Box, meta: Meta) => void

const readers: Record<string, Reader> = {
  hdlr: (window, box, meta) => {
    meta.handler = window.text(within(box, 8, 4), 4)
  },
  pitm: (window, box, meta) => {
    const isLong = window.u8(within(box, 0, 1)) > 0
    meta.primary = isLong ? window.u32(within(box, 4, 4)) : window.u16(within(box, 4, 2))
  },
  iloc: (window, box, meta) => {
    meta.locations = readLocations(window, box)
  },
  idat: (_, box, meta) => {
    meta.idat = box
  },
  iinf: readItemInfo,
  iprp: readProperties
}

function readItemInfo(window: ByteWindow, box: Box, { items }: Meta) {
  const isLong = window.u8(within(box, 0, 1)) > 0
  for (const child of boxesIn(window, box.dataAt + (isLong ? 8 : 6), box.end)) {
    if (child.type !== 'infe') continue
    const version = window.u8(within(child, 0, 1))
    if (version !== 2 && version !== 3) throw malformed('An AVIF item is of an unknown version.')
    const id = version === 2 ? window.u16(within(child, 4, 2)) : window.u32(within(child, 4, 4))
    if (items.has(id)) throw malformed('An AVIF item is named twice.')
    const typeAt = version === 2 ? 8 : 10
    const type = window.text(within(child, typeAt, 4), 4)
    const textAt = within(child, typeAt + 4, 0)
    const texts = window.text(textAt, child.end - textAt).split('\0', 3)
    const [contentType = '', contentEncoding = ''] = texts.slice(1)
    items.set(id, { type, contentType, contentEncoding })
  }
}

function readProperties(window: ByteWindow, box: Box, meta: Meta) {
  for (const child of boxesIn(window, box.dataAt, box.end)) {
    if (child.type === 'ipco') readSizes(window, child, meta)
    if (child.type === 'ipma') readAssociations(window, child, meta)
  }
}

function readSizes(window: ByteWindow, box: Box, { sizes, configurations }: Meta) {
  let number = 0
  for (const child of boxesIn(window, box.dataAt, box.end)) {
    number += 1
    if (child.type === 'av1C') configurations.push(child)
    if (child.type !== 'ispe') continue
    sizes.set(number, [window.u32(within(child, 4, 4)), window.u32(within(child, 8, 4))])
  }
}

function readAssociations(window: ByteWindow, box: Box, { properties }: Meta) {
  const hasLongIds = window.u8(within(box, 0, 1)) > 0
  const hasLongNumbers = (window.u8(within(box, 3, 1)) & 1) > 0
  const numberBytes = hasLongNumbers ? 2 : 1
  let entries = window.u32(within(box, 4, 4))
  let at = 8
  for (; entries > 0; entries--) {
    window.budget.step()
    const id = hasLongIds ? window.u32(within(box, at, 4)) : window.u16(within(box, at, 2))
    at += hasLongIds ? 4 : 2
    const count = window.u8(within(box, at, 1))
    const bytes = window.bytes(within(box, at + 1, count * numberBytes), count * numberBytes)
    // The highest bit says that the property is essential.
    const numbers = Array.from({ length: count }, (_, n) =>
      hasLongNumbers ? bytes.readUInt16BE(n * 2) & 0x7fff : bytes[n]! & 0x7f
    )
    const known = properties.get(id)
    if (known) known.push(...numbers)
    else properties.set(id, numbers)
    at += 1 + count * numberBytes
  }
}
