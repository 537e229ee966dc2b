// One chunk of a PNG: its length, type and checksum (PNG third edition, section 5.3).

import { crc32 } from 'node:zlib'

import type { ByteWindow } from './byte-window.ts'
import { malformed, truncated } from './stop.ts'

export interface Chunk {
  type: string
  dataAt: number
  length: number
  /** Where the next chunk begins. */
  end: number
}

export const CHUNK_BYTES = 12 // length, type and CRC around the data
const LONGEST = 0x7fffffff

export const IEND = Buffer.from('0000000049454e44ae426082', 'hex')

/** Reads a chunk's header, and checks its sum if the whole chunk is seen. */
export function chunkAt(window: ByteWindow, at: number): Chunk {
  const length = window.u32(at)
  const type = window.text(at + 4, 4)
  const end = at + CHUNK_BYTES + length
  if (length > LONGEST || !isType(type))
    throw malformed('Something other than a PNG chunk was found.')
  if (end > window.size) throw truncated()
  if (window.sees(at, end - at) && !isSound(window, at, length)) {
    throw malformed('The checksum of a PNG chunk is wrong.')
  }
  return { type, dataAt: at + 8, length, end }
}

/** Whether a whole chunk lies between two places that its length fits. */
export const isChunk = (window: ByteWindow, at: number, end: number): boolean =>
  isType(window.text(at + 4, 4)) && isSound(window, at, end - at - CHUNK_BYTES)

function isSound(window: ByteWindow, at: number, length: number): boolean {
  window.budget.spend(length)
  return crc32(window.bytes(at + 4, length + 4)) === window.u32(at + 8 + length)
}

const isType = (type: string) => /^[A-Za-z]{4}$/.test(type)
