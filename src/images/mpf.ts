// Reads the index of a multi-picture JPEG, such as a phone's picture with a gain map (CIPA DC-007).

import type { ByteWindow } from './byte-window.ts'

export interface Extent {
  /** Where the picture before it ends. */
  gapStart: number
  start: number
  end: number
}

const ENTRIES_TAG = 0xb002
const ENTRY_BYTES = 16
const MOST_PICTURES = 64

/**
 * The pictures of an index whose first one starts the file, whose last one ends it and which lie
 * in order without overlapping; null for any other index, as is left behind by editors that drop
 * the further pictures: then the file has to be one picture to its last byte.
 *
 * @param base the index's own place in the file, from which it counts offsets
 */
export function readMpf(window: ByteWindow, base: number, index: Buffer): Extent[] | null {
  const entries = entriesOf(window, index)
  const extents: Extent[] = []
  for (const [n, { size, offset }] of entries.entries()) {
    const gapStart = extents.at(-1)?.end ?? 0
    const start = n === 0 ? 0 : base + offset
    if (size === 0 || start < gapStart) return null
    extents.push({ gapStart, start, end: start + size })
  }
  return extents.length > 1 && extents.at(-1)!.end === window.size ? extents : null
}

function entriesOf(window: ByteWindow, index: Buffer): { size: number; offset: number }[] {
  const little = index.toString('latin1', 0, 2) === 'II'
  const u16 = (at: number) => number(index, at, 2, little)
  const u32 = (at: number) => number(index, at, 4, little)
  const directory = u32(4)
  for (let n = 0; n < u16(directory); n++) {
    window.budget.step()
    const at = directory + 2 + n * 12
    if (u16(at) !== ENTRIES_TAG) continue
    const first = u32(at + 8)
    const count = Math.min(Math.floor(u32(at + 4) / ENTRY_BYTES), MOST_PICTURES)
    return Array.from({ length: count }, (_, picture) => ({
      size: u32(first + picture * ENTRY_BYTES + 4),
      offset: u32(first + picture * ENTRY_BYTES + 8)
    }))
  }
  return []
}

function number(bytes: Buffer, at: number, length: number, little: boolean): number {
  if (at + length > bytes.length) return 0
  return little ? bytes.readUIntLE(at, length) : bytes.readUIntBE(at, length)
}
