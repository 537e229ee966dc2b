// Finds a ZIP archive that shares a file with a picture (GIFAR, JPEG+ZIP): its directory comes last.

import type { ByteWindow } from './byte-window.ts'

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1')
const RECORD_BYTES = 22
const COMMENT_LENGTH = 20

/** Whether the tail holds an end of central directory record (APPNOTE.TXT, section 4.3.16). */
export function endsInZip(window: ByteWindow): boolean {
  const tail = window.bytes(window.tailStart, window.size - window.tailStart)
  let at = tail.indexOf(END_OF_DIRECTORY)
  for (; at >= 0 && at + RECORD_BYTES <= tail.length; at = tail.indexOf(END_OF_DIRECTORY, at + 4)) {
    window.budget.step()
    const onOneDisk = tail.readUInt32LE(at + 4) === 0
    const comment = tail.readUInt16LE(at + COMMENT_LENGTH)
    if (onOneDisk || at + RECORD_BYTES + comment === tail.length) return true
  }
  return false
}
