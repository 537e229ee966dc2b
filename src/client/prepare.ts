// Prepare a picture before it leaves the device: upright, cropped, small, and nothing in it but pixels.

import { fit, partOf, type Rectangle } from './crop.ts'
import { decode, encode } from './draw.ts'
import { AvatarUploadError, assertArgument } from './error.ts'
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
  assertArgument(file instanceof Blob, 'what is prepared must be a Blob or a File')
  assertArgument(size >= 1, 'size must be a number of pixels')
  if (file.size === 0) throw new AvatarUploadError('EMPTY_FILE')
  if (file.size > MAX_BYTES) throw new AvatarUploadError('FILE_TOO_LARGE')
  const sniffed = await sniff(file)
  if (sniffed) assertDecodable(sniffed)
  if (keepAnimation && sniffed?.format === 'gif') return kept(file, sniffed)

  const bitmap = await decoded(file, sniffed)
  try {
    assertDecodable(bitmap)
    const part = partOf(bitmap, crop)
    const { width, height } = fit(part, size)
    const blob = await encode(bitmap, part, { width, height }, { type, quality })
    return { blob, sha256: await sha256Of(blob), width, height }
  } finally {
    bitmap.close()
  }
}

function assertDecodable({ width, height }: { width: number; height: number }) {
  if (width * height <= MAX_PIXELS) return
  throw new AvatarUploadError('TOO_MANY_PIXELS', { detail: `${width} × ${height} pixels` })
}

async function kept(file: Blob, { width, height }: Sniffed): Promise<Prepared> {
  const blob = file.slice(0, file.size, 'image/gif')
  return { blob, sha256: await sha256Of(blob), width, height }
}

async function decoded(file: Blob, sniffed: Sniffed | null) {
  try {
    return await decode(file)
  } catch (cause) {
    if (cause instanceof AvatarUploadError) throw cause
    const code = sniffed?.format === 'heic' ? 'HEIC_UNSUPPORTED' : 'UNREADABLE_PICTURE'
    throw new AvatarUploadError(code, { detail: `the browser decodes no ${file.type}`, cause })
  }
}
