// Reads the application segments of a JPEG: EXIF, XMP, extended XMP and the MPF index.

import { exifHasPosition } from './exif.ts'
import { type Extent, readMpf } from './mpf.ts'
import type { Reading } from './picture.ts'
import { xmpHasPosition } from './xmp.ts'

const APP1 = 0xe1
const APP2 = 0xe2
const EXIF = 'Exif\0'
const XMP = 'http://ns.adobe.com/xap/1.0/\0'
const EXTENDED_XMP = 'http://ns.adobe.com/xmp/extension/\0'
const MPF = 'MPF\0'
// XMP part 3, section 1.1.3.1: behind the name a GUID, the whole length and this part's offset.
const GUID_BYTES = 32
const EXTENDED_HEADER_BYTES = GUID_BYTES + 8

interface Part {
  order: string
  bytes: Buffer
}

export class JpegMetadata {
  readonly #reading: Reading
  readonly #extended: Part[] = []
  #pictures: Extent[] | null = null

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** Reads one APPn segment's data. City names in APP13 (IPTC) are no coordinates: not read. */
  read(marker: number, at: number, length: number) {
    const { window } = this.#reading
    const { budget } = window
    const is = (name: string) => length >= name.length && window.text(at, name.length) === name
    if (marker === APP1 && is(EXIF)) {
      this.#reading.locate(exifHasPosition(window.bytes(at, length), budget))
    }
    if (marker === APP1 && is(XMP)) {
      this.#reading.locate(xmpHasPosition(window.bytes(at, length), budget))
    }
    if (marker === APP1 && is(EXTENDED_XMP)) {
      this.#extend(window.bytes(at, length).subarray(EXTENDED_XMP.length))
    }
    if (marker === APP2 && is(MPF)) {
      const start = at + MPF.length
      this.#pictures ??= readMpf(window, start, window.bytes(start, length - MPF.length))
    }
  }

  /** The pictures in the file: those of a consistent MPF index, or one that is the whole file. */
  pictures(): Extent[] {
    return this.#pictures ?? [{ gapStart: 0, start: 0, end: this.#reading.window.size }]
  }

  /** Reads what was spread over segments. */
  finish() {
    const parts = this.#extended.sort((a, b) => (a.order < b.order ? -1 : 1))
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes))
    this.#reading.locate(xmpHasPosition(whole, this.#reading.window.budget))
  }

  #extend(bytes: Buffer) {
    if (bytes.length < EXTENDED_HEADER_BYTES) return
    const guidAndOffset = [bytes.subarray(0, GUID_BYTES), bytes.subarray(GUID_BYTES + 4)]
    const order = Buffer.concat(guidAndOffset).toString('latin1', 0, GUID_BYTES + 4)
    this.#extended.push({ order, bytes: bytes.subarray(EXTENDED_HEADER_BYTES) })
  }
}
