// Tiny valid pictures in every format, made at once and always the same, and ways to alter them.

import { HEAD_BYTES, TAIL_BYTES } from '../../src/images/inspect.ts'
import { withChunks } from './pictures/png.ts'

export { avif } from './pictures/avif.ts'
export { withExifGps, xmp } from './pictures/exif.ts'
export { gif } from './pictures/gif.ts'
export { jpeg } from './pictures/jpeg.ts'
export { png } from './pictures/png.ts'
export { webp } from './pictures/webp.ts'

/** The picture with bytes behind its end. */
export const withTrailing = (picture: Buffer, trailing: Uint8Array | string) =>
  Buffer.concat([picture, Buffer.from(trailing as string)])

const CHUNK_BYTES = 12 // length, type and CRC around a chunk's data

/** The PNG made to exactly `totalBytes` by an ancillary chunk, so that it stays valid. */
export function padded(png: Buffer, totalBytes: number): Buffer {
  const room = totalBytes - png.length
  if (room === 0) return png
  if (room < CHUNK_BYTES) {
    throw new RangeError(`${png.length} bytes cannot be padded to ${totalBytes}`)
  }
  return withChunks(png, [['paDd', Buffer.alloc(room - CHUNK_BYTES, 0x2e)]], { before: 'IEND' })
}

/** What a ranged read gives: the first and the last of the bytes. */
export const objectBytes = (bytes: Uint8Array) => ({
  head: bytes.subarray(0, HEAD_BYTES),
  tail: bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)),
  sizeBytes: bytes.length
})
