// Reads where the items of an AVIF lie (iloc: ISO/IEC 14496-12, section 8.11.3).

import type { Location } from './avif-meta.ts'
import { type Box, within } from './boxes.ts'
import type { ByteWindow } from './byte-window.ts'
import { malformed } from './stop.ts'

const INTEGER_BYTES = new Set([0, 4, 8])

export function readLocations(window: ByteWindow, box: Box): Map<number, Location> {
  const locations = new Map<number, Location>()
  let offset = 0
  const take = (bytes: number) => {
    const at = within(box, offset, bytes)
    offset += bytes
    return integer(window, at, bytes)
  }
  const version = take(1)
  if (version > 2) throw malformed('The AVIF item locations are of an unknown version.')
  offset = 4
  const [sizes, moreSizes] = [take(1), take(1)]
  const offsetBytes = sizes >> 4
  const lengthBytes = sizes & 15
  const baseBytes = moreSizes >> 4
  const indexBytes = version > 0 ? moreSizes & 15 : 0
  if (![offsetBytes, lengthBytes, baseBytes, indexBytes].every((one) => INTEGER_BYTES.has(one))) {
    throw malformed('The AVIF item locations have numbers of an unknown length.')
  }
  for (let items = take(version < 2 ? 2 : 4); items > 0; items--) {
    window.budget.step()
    const id = take(version < 2 ? 2 : 4)
    // Some decoders take the first, others the last, or both.
    if (locations.has(id)) throw malformed('An AVIF item has two places.')
    const method = version > 0 ? take(2) & 15 : 0
    const isElsewhere = take(2) !== 0
    const base = take(baseBytes)
    const location: Location = { method, isElsewhere, extents: [] }
    const extents = take(2)
    for (let left = extents; left > 0; left--) {
      window.budget.step()
      take(indexBytes)
      const extent = { at: base + take(offsetBytes), length: take(lengthBytes) }
      // Only one alone may leave out its length. Of several, decoders skip it where others read on.
      if (extent.length === 0 && extents > 1) throw malformed('A part of the AVIF has no length.')
      location.extents.push(extent)
    }
    locations.set(id, location)
  }
  return locations
}

// Beyond 2 ** 53 a sum is not exact, yet still far beyond any file.
function integer(window: ByteWindow, at: number, bytes: number): number {
  if (bytes === 0) return 0
  if (bytes === 8) return window.u32(at) * 2 ** 32 + window.u32(at + 4)
  return window.bytes(at, bytes).readUIntBE(0, bytes)
}
