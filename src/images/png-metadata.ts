// Finds a position in the ancillary chunks of a PNG: eXIf, and text that carries EXIF or XMP.

import { inflateSync } from 'node:zlib'

import type { Budget } from './budget.ts'
import { exifHasPosition } from './exif.ts'
import type { Reading } from './picture.ts'
import type { Chunk } from './png-chunk.ts'
import { malformed, unreadMetadata } from './stop.ts'
import { without } from './without.ts'
import { xmpHasPosition } from './xmp.ts'

const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt'])
const KEYWORD_BYTES = 80 // section 11.3.3.2: at most 79 and the zero behind them
const XMP = 'XML:com.adobe.xmp'
const RAW_PROFILES = /^Raw profile type (exif|APP1|xmp)$/i // ImageMagick's hexadecimal dumps
const GPS_PROPERTY = /GPS(Dest)?(Lat|Long)itude$/ // ImageMagick's exif:GPSLatitude and its like
const NEWLINE = 0x0a
const INFLATE_COST = 16384 // what zlib sets up for even the shortest text

export function readPngMetadata(reading: Reading, chunk: Chunk) {
  if (chunk.type === 'eXIf') {
    return reading.locate(exifHasPosition(data(reading, chunk), reading.window.budget))
  }
  if (TEXTS.has(chunk.type)) readText(reading, chunk)
}

function readText(reading: Reading, chunk: Chunk) {
  const { window } = reading
  const { budget } = window
  const shown = Math.min(chunk.length, KEYWORD_BYTES, window.seenEnd(chunk.dataAt) - chunk.dataAt)
  const [keyword, rest] = window.text(chunk.dataAt, shown).split('\0', 2)
  if (keyword === undefined || rest === undefined) {
    if (window.hides(chunk.dataAt, Math.min(chunk.length, KEYWORD_BYTES))) throw unreadMetadata()
    return
  }
  if (GPS_PROPERTY.test(keyword)) return reading.locate(true)
  const isProfile = RAW_PROFILES.test(keyword)
  if (keyword !== XMP && !isProfile) return
  const text = textOf(chunk.type, data(reading, chunk).subarray(keyword.length + 1), budget)
  const bytes = isProfile ? rawProfile(text, budget) : text
  reading.locate(exifHasPosition(bytes, budget) || xmpHasPosition(bytes, budget))
}

function data({ window }: Reading, { dataAt, length }: Chunk): Buffer {
  if (window.hides(dataAt, length)) throw unreadMetadata()
  return window.bytes(dataAt, length)
}

function textOf(type: string, rest: Buffer, budget: Budget): Buffer {
  if (type === 'tEXt') return rest
  if (type === 'zTXt') return inflated(rest.subarray(1), budget)
  const language = rest.indexOf(0, 2)
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1)
  if (translated < 0) throw malformed('A PNG text chunk is broken.')
  const text = rest.subarray(translated + 1)
  return rest[0] ? inflated(text, budget) : text
}

// A few bytes may inflate to a thousand times as many: the budget bounds all of them together.
function inflated(text: Buffer, budget: Budget): Buffer {
  budget.spend(INFLATE_COST)
  try {
    const whole = inflateSync(text, { maxOutputLength: Math.max(1, budget.bytes) })
    budget.spend(whole.length)
    return whole
  } catch (err) {
    const isTooLong = (err as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLong ? unreadMetadata() : malformed('A compressed PNG text chunk is broken.')
  }
}

/** «\nexif\n 1234\n» and hexadecimal digits in lines. */
function rawProfile(text: Buffer, budget: Budget): Buffer {
  budget.spend(text.length)
  let at = 0
  for (let line = 0; line < 3; line++) {
    const end = text.indexOf(NEWLINE, at)
    if (end < 0) return text.subarray(text.length)
    at = end + 1
  }
  return Buffer.from(without(text.subarray(at), NEWLINE).toString('latin1'), 'hex')
}
