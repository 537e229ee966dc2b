// Measures the bitstreams of an AVIF: a decoder makes room for what they say, whatever the boxes say.

import { av1FrameSizes } from './av1.ts'
import type { Extent } from './avif-meta.ts'
import { type Box, within } from './boxes.ts'
import type { Reading } from './picture.ts'

const UNITS_AT = 4 // in av1C: AV1-ISOBMFF, section 2.3.3

/** Whether a bitstream may tell its size: does so, or goes on in unseen bytes. */
export function measureFrames(reading: Reading, extents: Extent[]): boolean {
  const { window } = reading
  const parts: Buffer[] = []
  let isWhole = true
  for (const { at, length } of extents) {
    const seen = Math.min(length, window.seenEnd(at) - at)
    window.budget.spend(seen) // extents may repeat the same bytes any number of times
    parts.push(window.bytes(at, seen))
    isWhole = seen === length
    if (!isWhole) break
  }
  return measure(reading, Buffer.concat(parts), isWhole) || !isWhole
}

/** Some decoders put these units in front of the data. Whether they tell a size. */
export function measureConfiguration(reading: Reading, box: Box): boolean {
  const at = within(box, UNITS_AT, 0)
  return measure(reading, reading.window.bytes(at, box.end - at), true)
}

// Any of the headers may be the one that is decoded.
function measure(reading: Reading, bytes: Buffer, isWhole: boolean): boolean {
  const sizes = [...av1FrameSizes(bytes, isWhole, reading.window.budget)]
  for (const size of sizes) reading.measure(...size)
  return sizes.length > 0
}
