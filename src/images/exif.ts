// Finds a position in an EXIF block (TIFF 6.0, section 2; Exif 2.32, section 4.6.6).

import type { Budget } from './budget.ts'
import { xmpHasPosition } from './xmp.ts'

const EXIF_POINTER = 0x8769
const GPS_POINTER = 0x8825
const XMP_PACKET = 0x02bc
// Latitude, longitude, both of the destination, name of the area. Altitude alone is no place.
const POSITION_TAGS = new Set([2, 4, 20, 22, 28])
const RATIONALS = new Set([5, 10])
const ENTRY_BYTES = 12

interface Directory {
  at: number
  gps: boolean
}

/** Whether an EXIF block, with or without its «Exif» prefix, holds coordinates. IPTC is not read. */
export function exifHasPosition(block: Buffer, budget: Budget): boolean {
  const tiff = block.toString('latin1', 0, 4) === 'Exif' ? block.subarray(6) : block
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return false
  const reader = new TiffReader(tiff, order === 'II')
  const directories: Directory[] = [{ at: reader.u32(4), gps: false }]
  const visited = new Set<string>() // offsets may lead back to themselves
  for (const directory of directories) {
    budget.step()
    const name = `${directory.at} ${directory.gps}`
    if (visited.has(name)) continue
    visited.add(name)
    if (readDirectory(reader, directory, directories, budget)) return true
  }
  return false
}

function readDirectory(
  tiff: TiffReader,
  { at, gps }: Directory,
  directories: Directory[],
  budget: Budget
): boolean {
  const end = at + 2 + tiff.u16(at) * ENTRY_BYTES
  for (let entry = at + 2; entry < end && tiff.holds(entry, ENTRY_BYTES); entry += ENTRY_BYTES) {
    budget.step()
    const tag = tiff.u16(entry)
    if (gps && POSITION_TAGS.has(tag) && hasValue(tiff, entry, budget)) return true
    if (gps) continue
    const value = tiff.u32(entry + 8)
    if (tag === EXIF_POINTER) directories.push({ at: value, gps: false })
    if (tag === GPS_POINTER) directories.push({ at: value, gps: true })
    const packet = tag === XMP_PACKET && tiff.bytes.subarray(value, value + tiff.u32(entry + 4))
    if (packet && xmpHasPosition(packet, budget)) return true
  }
  if (!gps) directories.push({ at: tiff.u32(end), gps })
  return false
}

// A rational n/0 means «unknown»: cameras without a fix write three of them.
function hasValue(tiff: TiffReader, entry: number, budget: Budget): boolean {
  const count = tiff.u32(entry + 4)
  if (!RATIONALS.has(tiff.u16(entry + 2))) return count > 0
  const at = tiff.u32(entry + 8)
  for (let n = 0; n < count && tiff.holds(at + n * 8, 8); n++) {
    budget.step()
    if (tiff.u32(at + n * 8 + 4) !== 0) return true
  }
  return false
}

class TiffReader {
  readonly bytes: Buffer
  readonly #little: boolean

  constructor(bytes: Buffer, little: boolean) {
    this.bytes = bytes
    this.#little = little
  }

  holds = (at: number, length: number) => at + length <= this.bytes.length

  // Beyond the block there is nothing: zero ends every list.
  u16(at: number): number {
    if (!this.holds(at, 2)) return 0
    return this.#little ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at)
  }

  u32(at: number): number {
    if (!this.holds(at, 4)) return 0
    return this.#little ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at)
  }
}
