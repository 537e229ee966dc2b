// Decides from an object's first and last bytes whether it is a complete, clean picture.

import { readAvif, recognisesAvif } from './avif.ts'
import { ByteWindow, type ObjectBytes } from './byte-window.ts'
import { readGif, recognisesGif } from './gif.ts'
import { readJpeg, recognisesJpeg } from './jpeg.ts'
import { type ImageFormat, type Picture, Reading } from './picture.ts'
import { readPng, recognisesPng } from './png.ts'
import { malformed, Stop, unknownFormat } from './stop.ts'
import { readWebp, recognisesWebp } from './webp.ts'
import { endsInZip } from './zip.ts'

export { HEAD_BYTES, type ObjectBytes, TAIL_BYTES } from './byte-window.ts'
export type { ImageFormat, Picture } from './picture.ts'
export type { PictureProblem } from './stop.ts'

const SIGNATURE_BYTES = 4096 // an ftyp box lists its brands in far less

interface Format {
  recognises: (start: Buffer) => boolean
  read: (reading: Reading) => void
}

const formats: Record<ImageFormat, Format> = {
  jpeg: { recognises: recognisesJpeg, read: readJpeg },
  png: { recognises: recognisesPng, read: readPng },
  webp: { recognises: recognisesWebp, read: readWebp },
  gif: { recognises: recognisesGif, read: readGif },
  avif: { recognises: recognisesAvif, read: readAvif }
}

/**
 * Reads the structure of a picture, never its pixels. What lies in the unseen middle of a file of
 * more than HEAD_BYTES + TAIL_BYTES is not judged, unless the seen bytes say that metadata is there.
 *
 * @returns never throws: whatever is wrong with the bytes is in `problems`
 */
export function inspect(bytes: ObjectBytes): Picture {
  const window = stopping(() => new ByteWindow(bytes))
  if (window instanceof Stop) return refused(window)
  const start = window.bytes(0, Math.min(window.size, SIGNATURE_BYTES))
  const known = Object.entries(formats).find(([, { recognises }]) => recognises(start))
  if (!known) return refused(unknownFormat())
  const reading = new Reading(window, known[0] as ImageFormat)
  if (endsInZip(window)) reading.report('TRAILING_DATA', 'The file is a ZIP archive as well.')
  const stop = stopping(() => known[1].read(reading))
  if (!stop) return reading.picture
  if (stop.code === 'UNKNOWN_FORMAT') return refused(stop)
  reading.report(stop.code, stop.detail)
  return reading.picture
}

// Anything but a Stop is a mistake of ours, and no reason to accept a file. None is known.
function stopping<T>(work: () => T): T | Stop {
  try {
    return work()
  } catch (err) {
    return err instanceof Stop ? err : malformed('The file cannot be read.')
  }
}

const refused = ({ code, detail }: Stop): Picture => ({
  format: null,
  contentType: null,
  width: 0,
  height: 0,
  problems: [{ code, detail }]
})
