// Reads an AVIF: boxes that tile the file exactly, and in them the picture's items and tracks.

import { readItems } from './avif-items.ts'
import { readTracks } from './avif-tracks.ts'
import { type Box, boxAt } from './boxes.ts'
import type { Reading } from './picture.ts'
import { malformed, trailing, truncated, unreadMetadata } from './stop.ts'
import { xmpHasPosition } from './xmp.ts'

const BRANDS = new Set(['avif', 'avis'])
const KNOWN = new Set(['ftyp', 'meta', 'mdat', 'moov', 'free', 'skip', 'uuid', 'moof', 'mfra'])
const ONLY_ONCE = new Set(['ftyp', 'meta', 'moov'])
const BRANDS_AT = 16
// XMP part 3, section 1.2.7.1.
const XMP_USER_TYPE = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex')

/** Whether the file type box names AVIF; HEIC and other pictures in such boxes are not known. */
export function recognisesAvif(start: Buffer): boolean {
  if (start.length < BRANDS_AT || start.toString('latin1', 4, 8) !== 'ftyp') return false
  const end = Math.min(start.readUInt32BE(0), start.length)
  if (BRANDS.has(start.toString('latin1', 8, 12))) return true
  for (let at = BRANDS_AT; at + 4 <= end; at += 4) {
    if (BRANDS.has(start.toString('latin1', at, at + 4))) return true
  }
  return false
}

export function readAvif(reading: Reading) {
  const { window, picture } = reading
  const seen = new Set<string>()
  let dataEnd = 0
  let last = topBoxAt(reading, 0)
  for (let at = 0; at < window.size; at = last.end) {
    window.budget.step()
    last = topBoxAt(reading, at)
    const { type } = last
    if (ONLY_ONCE.has(type) && seen.has(type)) throw malformed('The AVIF has two headers.')
    seen.add(type)
    if (type === 'meta') dataEnd = Math.max(dataEnd, readItems(reading, last, 'picture'))
    if (type === 'moov') dataEnd = Math.max(dataEnd, readTracks(reading, last))
    if (type === 'uuid') readUserBox(reading, last)
  }
  if (picture.width === 0) throw malformed('The AVIF does not tell its size.')
  // An open box would swallow whatever is appended. Only items and samples say where its data ends.
  if (last.isOpen && dataEnd < window.size) throw trailing()
}

function topBoxAt({ window }: Reading, at: number): Box {
  if (at + 8 > window.size) throw trailing()
  const box = boxAt(window, at)
  const isKnown = KNOWN.has(box.type)
  if (box.isOpen && box.type !== 'mdat') throw isKnown ? malformed('A box has no end.') : trailing()
  if (box.end > window.size) throw isKnown ? truncated() : trailing()
  return box
}

function readUserBox(reading: Reading, { dataAt, end }: Box) {
  const { window } = reading
  const userType = window.bytes(dataAt - XMP_USER_TYPE.length, XMP_USER_TYPE.length)
  if (!userType.equals(XMP_USER_TYPE)) return
  if (window.hides(dataAt, end - dataAt)) throw unreadMetadata()
  reading.locate(xmpHasPosition(window.bytes(dataAt, end - dataAt), window.budget))
}
