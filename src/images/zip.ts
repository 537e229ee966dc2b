// Finds a ZIP archive that shares a file with a picture (GIFAR, JPEG+ZIP): its directory comes last.

import type { ByteWindow } from './byte-window.ts'

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1')
const LOCATOR_64 = Buffer.from('PK\x06\x07', 'latin1')
const LOCATOR_64_BYTES = 20
const RECORD_BYTES = 22
const DIRECTORY_BYTES = 12

/** Whether the tail holds an end of central directory record (APPNOTE.TXT, section 4.3.16). */
export function endsInZip(window: ByteWindow): boolean {
  const { tailStart } = window
  const tail = window.bytes(tailStart, window.size - tailStart)
  let at = tail.indexOf(END_OF_DIRECTORY)
  for (; at >= 0 && at + RECORD_BYTES <= tail.length; at = tail.indexOf(END_OF_DIRECTORY, at + 4)) {
    window.budget.step()
    if (isRecord(tail, at, tailStart)) return true
  }
  return false
}

// Python's zipfile opens a record whose disk, offset and comment are wrong, and unzip most of them:
// only where there is no room for the directory in front of it are four such bytes mere chance.
function isRecord(tail: Buffer, at: number, tailStart: number): boolean {
  const locator = tail.subarray(Math.max(0, at - LOCATOR_64_BYTES), at)
  const fits = tail.readUInt32LE(at + DIRECTORY_BYTES) <= tailStart + at
  return fits || locator.indexOf(LOCATOR_64) === 0 // which says where it is instead
}
