// Reads the tracks of an animated AVIF: their sizes, and metadata that hangs on them.

import { readItems } from './avif-items.ts'
import { readSamples } from './avif-samples.ts'
import { type Box, boxesIn, within } from './boxes.ts'
import type { Reading } from './picture.ts'
import { malformed } from './stop.ts'

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'udta'])
const POSITION = '\xa9xyz' // QuickTime's place name, as phones write it into films
const FULL_BOX_BYTES = 4
const TRACK_SIZE_AT = [76, 88] // by version: ISO/IEC 14496-12, section 8.3.2

/** @returns where the tracks' data in the file ends */
export function readTracks(reading: Reading, movie: Box): number {
  const { window } = reading
  let dataEnd = 0
  window.bytes(movie.dataAt, movie.end - movie.dataAt)
  const containers = [movie]
  for (const { dataAt, end } of containers) {
    for (const box of boxesIn(window, dataAt, end)) {
      if (CONTAINERS.has(box.type)) containers.push(box)
      if (box.type === 'tkhd') readTrackSize(reading, box)
      if (box.type === 'stbl') dataEnd = Math.max(dataEnd, readSamples(reading, box))
      if (box.type === POSITION) reading.locate(true)
      if (box.type === 'meta' && isItems(reading, box)) readItems(reading, box, 'track')
    }
  }
  return dataEnd
}

// QuickTime's own meta box has no version in front of its boxes.
const isItems = ({ window }: Reading, box: Box) =>
  window.text(within(box, FULL_BOX_BYTES + 4, 4), 4) === 'hdlr'

function readTrackSize(reading: Reading, box: Box) {
  const { window } = reading
  const sizeAt = TRACK_SIZE_AT[window.u8(within(box, 0, 1))]
  if (sizeAt === undefined) throw malformed('An AVIF track is of an unknown version.')
  const at = within(box, sizeAt, 8)
  const [width, height] = [window.u16(at), window.u16(at + 4)] // 16.16 fixed point
  if (width > 0 && height > 0) reading.measure(width, height) // a sound track has no size
}
