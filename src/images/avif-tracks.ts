// Reads the tracks of an animated AVIF: their sizes, and metadata that hangs on them.

import { readItems } from './avif-items.ts'
import { type Box, boxesIn, within } from './boxes.ts'
import type { Reading } from './picture.ts'
import { malformed } from './stop.ts'

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'udta'])
const POSITION = '\xa9xyz' // QuickTime's place name, as phones write it into films
const FULL_BOX_BYTES = 4
// ISO/IEC 14496-12, sections 8.3.2 (by version), 8.5.2 and 12.1.3.
const TRACK_SIZE_AT = [76, 88]
const ENTRIES_AT = 8
const ENTRY_SIZE_AT = 24

export function readTracks(reading: Reading, movie: Box) {
  const { window } = reading
  window.bytes(movie.dataAt, movie.end - movie.dataAt)
  const containers = [movie]
  for (const { dataAt, end } of containers) {
    for (const box of boxesIn(window, dataAt, end)) {
      if (CONTAINERS.has(box.type)) containers.push(box)
      if (box.type === 'tkhd') readTrackSize(reading, box)
      if (box.type === 'stsd') readEntries(reading, box)
      if (box.type === POSITION) reading.locate(true)
      if (box.type === 'meta' && isItems(reading, box)) readItems(reading, box, 'track')
    }
  }
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

function readEntries(reading: Reading, box: Box) {
  const { window } = reading
  for (const entry of boxesIn(window, within(box, ENTRIES_AT, 0), box.end)) {
    if (entry.type !== 'av01') continue
    const at = within(entry, ENTRY_SIZE_AT, 4)
    reading.measure(window.u16(at), window.u16(at + 2))
  }
}
