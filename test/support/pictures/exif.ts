// EXIF blocks with and without a position, and the way to put one into each format.

import { withItem } from './avif.ts'
import { extension, withBlock } from './gif.ts'
import { segment, withSegments } from './jpeg.ts'
import { withChunks } from './png.ts'
import { extended, riffChunk } from './webp.ts'

/** The picture with a position: in EXIF, or in XMP where the format has no EXIF (GIF). */
export function withExifGps(picture: Buffer): Buffer {
  const block = exif()
  if (picture[0] === 0xff) return withSegments(picture, [exifSegment(block)])
  if (picture[0] === 0x89) return withChunks(picture, [['eXIf', block]])
  if (picture.toString('latin1', 0, 4) === 'RIFF')
    return extended(picture, 8, [riffChunk('EXIF', block)])
  if (picture.toString('latin1', 0, 3) === 'GIF') return withBlock(picture, gifXmp(xmp()))
  return withItem(picture, 'Exif', Buffer.concat([Buffer.alloc(4), block]))
}

export const exifSegment = (block: Uint8Array) =>
  segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), block]))

/** XMP's own way into a GIF: bare text, then a ramp that leads every reader to the end. */
export const gifXmp = (text: Uint8Array) =>
  Buffer.concat([
    extension(0xff, Buffer.from('XMP DataXMP')).subarray(0, -1),
    text,
    Buffer.of(1),
    Buffer.from(Array.from({ length: 256 }, (_, n) => 255 - n)),
    Buffer.of(0)
  ])

export const xmp = (attributes = 'exif:GPSLatitude="51,30.0N" exif:GPSLongitude="0,7.0W"') =>
  Buffer.from(
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description ' +
      `xmlns:exif="http://ns.adobe.com/exif/1.0/" ${attributes}/></rdf:RDF></x:xmpmeta>` +
      '<?xpacket end="w"?>'
  )

export type Entry = [tag: number, type: number, value: number[]]

const BYTE = 1
const RATIONAL = 5
export const POSITION: Entry[] = [
  [0, BYTE, [2, 3, 0, 0]],
  [2, RATIONAL, [51, 1, 30, 1, 0, 1]],
  [4, RATIONAL, [0, 1, 7, 1, 0, 1]]
]
export const EMPTY_POSITION: Entry[] = [[2, RATIONAL, [0, 0, 0, 0, 0, 0]]]
export const ONLY_VERSION: Entry[] = [[0, BYTE, [2, 3, 0, 0]]]

/** A TIFF block: an IFD that points to a GPS IFD with the entries. */
export function exif(gps: Entry[] = POSITION, { little = true, thumbnailBytes = 0 } = {}): Buffer {
  const block = Buffer.alloc(26 + 2 + gps.length * 12 + 4 + gps.length * 24 + thumbnailBytes)
  const u16 = (at: number, value: number) =>
    little ? block.writeUInt16LE(value, at) : block.writeUInt16BE(value, at)
  const u32 = (at: number, value: number) =>
    little ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at)
  block.write(little ? 'II' : 'MM')
  u16(2, 42)
  u32(4, 8)
  u16(8, 1)
  entry(10, 0x8825, 4, 1)
  u32(18, 26)
  u16(26, gps.length)
  let room = 26 + 2 + gps.length * 12 + 4
  for (const [n, [tag, type, value]] of gps.entries()) {
    const at = 28 + n * 12
    entry(at, tag, type, type === RATIONAL ? value.length / 2 : value.length)
    if (type === RATIONAL) {
      u32(at + 8, room)
      for (const part of value) {
        u32(room, part)
        room += 4
      }
    } else block.set(value, at + 8)
  }
  return block

  function entry(at: number, tag: number, type: number, count: number) {
    u16(at, tag)
    u16(at + 2, type)
    u32(at + 4, count)
  }
}
