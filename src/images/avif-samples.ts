// Reads the samples of an AVIF track: what their entries say, and where they lie.

import { measureConfiguration, measureFrames } from './avif-frames.ts'
import type { Extent } from './avif-meta.ts'
import { type Box, boxesIn, within } from './boxes.ts'
import type { ByteWindow } from './byte-window.ts'
import type { Reading } from './picture.ts'
import { malformed, truncated } from './stop.ts'

// ISO/IEC 14496-12, sections 8.5.2, 12.1.3, 8.7.3, 8.7.4 and 8.7.5.
const ENTRIES_AT = 8
const ENTRY_SIZE_AT = 24
const ENTRY_BOXES_AT = 78
const COUNT_AT = 4
const UNIFORM_SIZE_AT = 4
const SIZE_COUNT_AT = 8
const SIZES_AT = 12
const OFFSETS_AT = 8
const RUNS_AT = 8
const RUN_BYTES = 12
const TABLES: Record<string, string> = {
  stsd: 'entries',
  stsz: 'sizes',
  stsc: 'runs',
  stco: 'offsets',
  co64: 'offsets'
}

/** @returns where the samples in the file end */
export function readSamples(reading: Reading, box: Box): number {
  const { window } = reading
  const tables = new Map<string | undefined, Box>()
  for (const child of boxesIn(window, box.dataAt, box.end)) {
    const table = TABLES[child.type]
    if (table && tables.has(table)) throw malformed('An AVIF track lists its samples twice.')
    tables.set(table, child)
  }
  const isPicture = readEntries(reading, tables.get('entries'))
  let dataEnd = 0
  for (const sample of samplesIn(window, tables)) {
    if (sample.at + sample.length > window.size) throw truncated()
    dataEnd = Math.max(dataEnd, sample.at + sample.length)
    if (isPicture) measureFrames(reading, [sample])
  }
  // They would be where no table leads: in fragments, or found by a guess.
  if (isPicture && dataEnd === 0)
    throw malformed('An AVIF track does not tell where its pixels are.')
  return dataEnd
}

function readEntries(reading: Reading, box: Box | undefined): boolean {
  const { window } = reading
  let isPicture = false
  if (!box) return isPicture
  for (const entry of boxesIn(window, within(box, ENTRIES_AT, 0), box.end)) {
    if (entry.type !== 'av01') continue
    isPicture = true
    const at = within(entry, ENTRY_SIZE_AT, 4)
    reading.measure(window.u16(at), window.u16(at + 2))
    for (const child of boxesIn(window, within(entry, ENTRY_BOXES_AT, 0), entry.end)) {
      if (child.type === 'av1C') measureConfiguration(reading, child)
    }
  }
  return isPicture
}

function* samplesIn(window: ByteWindow, tables: Map<string | undefined, Box>): Generator<Extent> {
  const [sizes, runs, offsets] = ['sizes', 'runs', 'offsets'].map((name) => tables.get(name))
  if (!sizes || !runs || !offsets) return
  const u32 = (box: Box, offset: number) => window.u32(within(box, offset, 4))
  const offsetOf = (chunk: number) =>
    offsets.type === 'stco'
      ? u32(offsets, OFFSETS_AT + chunk * 4)
      : u32(offsets, OFFSETS_AT + chunk * 8) * 2 ** 32 + u32(offsets, OFFSETS_AT + chunk * 8 + 4)
  const [uniform, samples] = [u32(sizes, UNIFORM_SIZE_AT), u32(sizes, SIZE_COUNT_AT)]
  const lastRun = u32(runs, COUNT_AT) - 1
  const chunks = u32(offsets, COUNT_AT)
  let [run, sample] = [0, 0]
  for (let chunk = 0; chunk < chunks && sample < samples; chunk++) {
    window.budget.step()
    // A run names its first chunk, from 1, and goes on until the next one does.
    while (run < lastRun && u32(runs, RUNS_AT + (run + 1) * RUN_BYTES) <= chunk + 1) run += 1
    let at = offsetOf(chunk)
    let left = u32(runs, RUNS_AT + run * RUN_BYTES + 4)
    for (; left > 0 && sample < samples; left--, sample++) {
      window.budget.step()
      const length = uniform || u32(sizes, SIZES_AT + sample * 4)
      yield { at, length }
      at += length
    }
  }
}
