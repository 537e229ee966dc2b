// Prepare a picture before it leaves the device: upright, cropped, small, and nothing in it but pixels.

import { fit, partOf, type Rectangle, type Size } from './crop.ts'
import { decode, encode } from './draw.ts'
import { AvatarUploadError, assertArgument, assertBlob } from './error.ts'
import { sha256Of } from './sha256.ts'
import { type Sniffed, sniff } from './sniff.ts'

export interface PrepareOptions {
  /** The longest side in pixels, 512 if left out; smaller pictures stay as small as they are. */
  size?: number
  /** The part to keep, in pixels of the upright picture; the square in the middle if left out. */
  crop?: Rectangle
  /** WebP if left out. Where the browser cannot encode it, the result is a JPEG. */
  type?: 'image/webp' | 'image/jpeg'
  /** 0 to 1, 0.85 if left out. */
  quality?: number
  /** A GIF is left as it is, with all that it holds: drawn, it would stand still. */
  keepAnimation?: boolean
}

export interface Prepared {
  blob: Blob
  /** Of the blob, in lower-case hex; none on pages without HTTPS, where browsers do not compute it. */
  sha256?: string
  width: number
  height: number
}

const MAX_BYTES = 64 * 1024 * 1024
// Some 400 MB decoded. A PNG of a few kilobytes can hold a hundred times as much and end the tab.
const MAX_PIXELS = 100_000_000

/**
 * Decodes, crops, shrinks and encodes anew, so that EXIF, position and colour profile are gone.
 * @throws {AvatarUploadError} EMPTY_FILE, FILE_TOO_LARGE, TOO_MANY_PIXELS, UNREADABLE_PICTURE, HEIC_UNSUPPORTED,
 *   PREPARE_UNSUPPORTED, INVALID_ARGUMENT
 */
export async function prepareAvatar(
  file: Blob,
  { size = 512, crop, type = 'image/webp', quality = 0.85, keepAnimation }: PrepareOptions = {}
): Promise<Prepared> {
  assertBlob(file)
  assertArgument(size >= 1, 'size must be a number of pixels')
  if (file.size === 0) throw new AvatarUploadError('EMPTY_FILE')
  if (file.size > MAX_BYTES) throw new AvatarUploadError('FILE_TOO_LARGE')
  const sniffed = await sniff(file).catch(() => null) // gone from the disk: so says the decoder
  if (sniffed) assertDecodable(sniffed)
  if (keepAnimation && sniffed?.format === 'gif') {
    return digested(file.slice(0, file.size, 'image/gif'), sniffed)
  }

  const bitmap = await decoded(file, sniffed)
  try {
    assertDecodable(bitmap)
    const part = partOf(bitmap, crop)
    const fitted = fit(part, size)
    return await digested(await encode(bitmap, part, fitted, { type, quality }), fitted)
  } finally {
    bitmap.close()
  }
}

function assertDecodable({ width, height }: Size) {
  if (width * height <= MAX_PIXELS) return
  throw new AvatarUploadError('TOO_MANY_PIXELS', { detail: `${width} × ${height} pixels` })
}

async function digested(blob: Blob, { width, height }: Size): Promise<Prepared> {
  return { blob, sha256: await sha256Of(blob), width, height }
}

async function decoded(file: Blob, sniffed: Sniffed | null) {
  if (typeof createImageBitmap === 'undefined') {
    const detail = 'no canvas: pass prepare: false'
    throw new AvatarUploadError('PREPARE_UNSUPPORTED', { detail })
  }
  try {
    return await decode(file)
  } catch (cause) {
    const code = sniffed?.format === 'heic' ? 'HEIC_UNSUPPORTED' : 'UNREADABLE_PICTURE'
    throw new AvatarUploadError(code, { detail: `${cause}`, cause })
  }
}
