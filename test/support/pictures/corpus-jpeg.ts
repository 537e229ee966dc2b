// JPEG files, good and bad: markers, scans, metadata and multi-picture files.

import type { Case } from './corpus.ts'
import { EMPTY_POSITION, exif, exifSegment, ONLY_VERSION, xmp } from './exif.ts'
import { frame, huffman, jfif, jpeg, segment, withSegments } from './jpeg.ts'
import { mpf, multiPicture } from './mpf.ts'

const whole = jpeg(64)
const large = jpeg(8000) // 250 kB: its middle is unseen
const EOI = Buffer.from('ffd9', 'hex')
const body = (picture: Buffer) => picture.subarray(0, -2)
const xmpSegment = (text: Uint8Array) =>
  segment(0xe1, named('http://ns.adobe.com/xap/1.0/\0', text))
const named = (name: string, data: Uint8Array) => Buffer.concat([Buffer.from(name), data])
const utf16 = (bigEndian: boolean) => {
  const text = Buffer.from(xmp().toString('latin1'), 'utf16le')
  return bigEndian ? text.swap16() : text
}
const frameAt = whole.indexOf(Buffer.from('ffc0', 'hex'))
const withFrame = (bytes: Buffer) =>
  Buffer.concat([whole.subarray(0, frameAt), bytes, whole.subarray(frameAt + 13)])

function extended(text: Buffer, parts: number): Buffer[] {
  const size = Math.ceil(text.length / parts)
  return Array.from({ length: parts }, (_, n) => {
    const header = Buffer.alloc(40, 'A')
    header.writeUInt32BE(text.length, 32)
    header.writeUInt32BE(n * size, 36)
    const part = Buffer.concat([header, text.subarray(n * size, (n + 1) * size)])
    return segment(0xe1, named('http://ns.adobe.com/xmp/extension/\0', part))
  })
}

const good: Record<string, Buffer> = {
  'with comments': withSegments(whole, [
    segment(0xfe, Buffer.from('one')),
    segment(0xfe, Buffer.alloc(0))
  ]),
  progressive: withFrame(frame(64, 64, 0xc2)),
  arithmetic: withFrame(frame(64, 64, 0xc9)),
  lossless: withFrame(frame(64, 64, 0xc3)),
  'with fill bytes': Buffer.concat([
    whole.subarray(0, 2),
    Buffer.alloc(9, 0xff),
    whole.subarray(2)
  ]),
  'with an ICC profile': withSegments(whole, [
    segment(0xe2, named('ICC_PROFILE\0', Buffer.alloc(9)))
  ]),
  'with 60 kB of EXIF': withSegments(large, [
    exifSegment(exif(ONLY_VERSION, { thumbnailBytes: 60_000 }))
  ]),
  'with EXIF of an unknown kind': withSegments(whole, [exifSegment(Buffer.from('XX*\0rest'))]),
  'with EXIF that leads back to itself': withSegments(whole, [
    exifSegment(Buffer.from('49492a00080000000100698704000100000008000000', 'hex'))
  ]),
  'with EXIF that leads beyond itself': withSegments(whole, [
    exifSegment(Buffer.from('49492a00ff000000', 'hex'))
  ]),
  'with EXIF cut short': withSegments(whole, [exifSegment(exif().subarray(0, 20))]),
  'with a GPS version only': withSegments(whole, [exifSegment(exif(ONLY_VERSION))]),
  'with an unknown position': withSegments(whole, [exifSegment(exif(EMPTY_POSITION))]),
  'with an altitude only': withSegments(whole, [exifSegment(exif([[6, 5, [100, 1]]]))]),
  'with an area of no name': withSegments(whole, [exifSegment(exif([[28, 7, []]]))]),
  'with EXIF that holds XMP and no position': withSegments(whole, [
    exifSegment(exifWithXmp(xmp('a="1"')))
  ]),
  'with XMP under a name of its own': withSegments(whole, [segment(0xe1, named('mine\0', xmp()))]),
  'with EXIF where an ICC profile should be': withSegments(whole, [
    segment(0xe2, named('Exif\0\0', exif()))
  ]),
  'with an index of pictures that overlap': indexed((size) => [
    { size, offset: 0 },
    { size: 10, offset: size - 20 }
  ]),
  'with an index that begins with nothing': indexed((size) => [
    { size: 0, offset: 0 },
    { size: size - 100, offset: 90 }
  ]),
  'with XMP and no position': withSegments(whole, [xmpSegment(xmp('dc:title="GPSLatitudeRef"'))]),
  'with an empty position in XMP': withSegments(whole, [xmpSegment(xmp('exif:GPSLatitude=""'))]),
  'with an empty element in XMP': withSegments(whole, [
    xmpSegment(Buffer.from('<exif:GPSLatitude></exif:GPSLatitude><exif:GPSLongitude/>'))
  ]),
  'with an extended XMP too short': withSegments(whole, [
    segment(0xe1, named('http://ns.adobe.com/xmp/extension/\0', Buffer.alloc(3)))
  ]),
  'with restart markers and stuffing': Buffer.concat([
    body(whole),
    Buffer.from('ffd0ff00ffd7ffffff00', 'hex'),
    EOI
  ]),
  'of two scans': Buffer.concat([
    body(whole),
    huffman(0, [0]),
    whole.subarray(whole.lastIndexOf(Buffer.from('ffda', 'hex')))
  ]),
  large: large,
  'large, with tables in the tail': Buffer.concat([body(large), huffman(0, [0]), EOI]),
  'large, with a header cut by the unseen bytes': cutAtHead(),
  'of two pictures': multiPicture(whole, [jpeg(32)]),
  'of two pictures in big endian': multiPicture(whole, [jpeg(32)], { little: false }),
  'of two pictures and a gap of zeros': multiPicture(whole, [jpeg(32)], { gap: Buffer.alloc(20) }),
  'of three large pictures': multiPicture(large, [large, jpeg(32)]),
  'of a large picture behind a small one': multiPicture(whole, [large]),
  'with an index of pictures that are gone': withSegments(whole, [
    mpf([
      { size: 9, offset: 0 },
      { size: 9, offset: 999_999 }
    ])
  ]),
  'with an index of one': withSegments(whole, [mpf([{ size: 9, offset: 0 }])]),
  'with an index of nothing': withSegments(whole, [segment(0xe2, Buffer.from('MPF\0II*\0'))]),
  'with an index of empty pictures': withSegments(whole, [mpf([{ size: 0, offset: 0 }])])
}

const located: Record<string, Buffer> = {
  'EXIF in big endian': withSegments(whole, [exifSegment(exif(undefined, { little: false }))]),
  'EXIF behind JFIF': withSegments(whole, [jfif(), exifSegment(exif())]),
  'EXIF behind other EXIF': withSegments(whole, [
    exifSegment(exif(ONLY_VERSION)),
    exifSegment(exif())
  ]),
  'EXIF in its second directory': withSegments(whole, [
    exifSegment(
      Buffer.from(
        '49492a000800000000000e0000000100258804000100000020000000000000000100' +
          '02000500010000003200000000000000' +
          '3300000001000000',
        'hex'
      )
    )
  ]),
  'EXIF with 60 kB': withSegments(large, [
    exifSegment(exif(undefined, { thumbnailBytes: 60_000 }))
  ]),
  'EXIF with the destination': withSegments(whole, [exifSegment(exif([[20, 5, [1, 1]]]))]),
  'EXIF with the name of an area': withSegments(whole, [exifSegment(exif([[28, 7, [65]]]))]),
  'EXIF behind the first scan': Buffer.concat([body(whole), exifSegment(exif()), EOI]),
  'EXIF in the tail': Buffer.concat([body(large), exifSegment(exif()), EOI]),
  'EXIF of the second picture': multiPicture(whole, [
    withSegments(jpeg(32), [exifSegment(exif())])
  ]),
  'XMP in EXIF': withSegments(whole, [exifSegment(exifWithXmp(xmp()))]),
  'XMP attributes': withSegments(whole, [xmpSegment(xmp())]),
  'XMP attributes in UTF-16': withSegments(whole, [xmpSegment(utf16(false))]),
  'XMP attributes in UTF-16 of the other order': withSegments(whole, [xmpSegment(utf16(true))]),
  'XMP under another prefix': withSegments(whole, [xmpSegment(xmp("e:GPSLatitude = '1,2N'"))]),
  'XMP elements': withSegments(whole, [
    xmpSegment(Buffer.from('<exif:GPSLatitude>1,2N</exif:GPSLatitude>'))
  ]),
  'XMP elements with attributes': withSegments(whole, [
    xmpSegment(Buffer.from('<exif:GPSLongitude xml:lang="x">1,2N</exif:GPSLongitude>'))
  ]),
  'XMP of a drone': withSegments(whole, [xmpSegment(xmp('drone-dji:GpsLongtitude="+1.5"'))]),
  'XMP that is extended': withSegments(whole, extended(xmp(), 1)),
  'XMP that is extended in order': withSegments(whole, extended(xmp(), 9)),
  'XMP that is extended in parts': withSegments(whole, extended(xmp(), 40).reverse())
}

const malformed: Record<string, Buffer> = {
  // Directories that overlap: each of thousands has thousands of entries.
  'with EXIF of endless directories': withSegments(whole, [exifSegment(endlessExif())]),
  'of no height': withFrame(frame(64, 0)),
  'of no width': withFrame(frame(0, 64)),
  'that tells its height late': Buffer.concat([body(whole), segment(0xdc, Buffer.of(0, 64)), EOI]),
  'of two frames': withFrame(Buffer.concat([frame(64, 64), frame(64, 64)])),
  'of a frame behind the scan': Buffer.concat([body(whole), frame(64, 64), EOI]),
  'of a frame too short': withFrame(segment(0xc0, Buffer.alloc(2))),
  'of a frame with too few components': withFrame(
    segment(0xc0, Buffer.of(8, 0, 9, 0, 9, 3, 1, 1, 1))
  ),
  'of no frame': withFrame(Buffer.alloc(0)),
  'with garbage between segments': Buffer.concat([
    whole.subarray(0, 20),
    Buffer.of(1),
    whole.subarray(20)
  ]),
  'with a segment of length 0': withSegments(whole, [Buffer.from('ffe10000', 'hex')]),
  'with a segment of length 1': withSegments(whole, [Buffer.from('fffe0001', 'hex')]),
  'with a segment of length 0 behind a scan': Buffer.concat([
    body(whole),
    Buffer.from('fffe0000', 'hex'),
    EOI
  ]),
  'with a reserved marker': withSegments(whole, [Buffer.from('ff020002', 'hex')]),
  'with a restart in its header': withSegments(whole, [Buffer.from('ffd0', 'hex')]),
  'that ends before it begins': Buffer.from('ffd8ffd9', 'hex'),
  'that begins twice': withSegments(whole, [Buffer.from('ffd8', 'hex')]),
  'whose second picture is none': multiPicture(whole, [Buffer.from('not a picture')]),
  'with random bytes in its tail': Buffer.concat([body(large), Buffer.from('ff4aff31', 'hex'), EOI])
}

const trailing: Record<string, Buffer> = {
  'and HTML that ends like a JPEG': Buffer.concat([whole, Buffer.from('<html>'), EOI]),
  'large, and HTML that ends like a JPEG': Buffer.concat([large, Buffer.from('<html>'), EOI]),
  'large, and HTML': Buffer.concat([large, Buffer.from('<html>')]),
  'large, and a ZIP whose comment ends like a JPEG': Buffer.concat([
    large,
    Buffer.from(`PK\x05\x06\x01\0${'\0'.repeat(14)}\x02\0`, 'latin1'),
    EOI
  ]),
  'a second picture that no index names': Buffer.concat([whole, jpeg(32)]),
  'of two pictures with text between': multiPicture(whole, [jpeg(32)], {
    gap: Buffer.from('<html>')
  }),
  'of two pictures and text': Buffer.concat([
    multiPicture(whole, [jpeg(32)]),
    Buffer.from('<html>')
  ])
}

const all = (prefix: string, files: Record<string, Buffer>, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `jpeg: ${prefix}${name}`,
    bytes,
    format: 'jpeg',
    problems
  }))

export const jpegCases: Case[] = [
  ...all('', good, ''),
  ...all('', malformed, 'MALFORMED'),
  ...all('', trailing, 'TRAILING_DATA'),
  ...all('a position by ', located, 'LOCATION_METADATA'),
  {
    name: 'jpeg: a bomb',
    bytes: withFrame(frame(65_500, 65_500)),
    format: 'jpeg',
    problems: '',
    size: '65500x65500'
  },
  {
    name: 'jpeg: a bomb as second picture',
    bytes: multiPicture(whole, [withFrame(frame(65_535, 65_535))]),
    format: 'jpeg',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'jpeg: with a header beyond the head',
    bytes: withSegments(large, [
      segment(0xe2, Buffer.alloc(40_000)),
      segment(0xe2, Buffer.alloc(40_000))
    ]),
    format: 'jpeg',
    problems: 'HEADER_TOO_LARGE'
  },
  {
    name: 'jpeg: small, with a header of 80 kB',
    bytes: withSegments(whole, [
      segment(0xe2, Buffer.alloc(40_000)),
      segment(0xe2, Buffer.alloc(40_000))
    ]),
    format: 'jpeg',
    problems: '',
    size: '64x64'
  },
  {
    name: 'jpeg: with a segment beyond the end',
    bytes: Buffer.from('ffd8ffe1ffff00', 'hex'),
    format: 'jpeg',
    problems: 'TRUNCATED'
  },
  {
    name: 'jpeg: of two pictures, with a segment across',
    bytes: multiPicture(Buffer.concat([body(whole), Buffer.from('fffe0020', 'hex'), EOI]), [
      jpeg(32)
    ]),
    format: 'jpeg',
    problems: 'TRUNCATED'
  },
  {
    name: 'jpeg: large, cut in a scan',
    bytes: large.subarray(0, 200_000),
    format: 'jpeg',
    problems: 'TRUNCATED',
    size: '8000x8000'
  }
]

// The length of a comment behind the scan's beginning lies just where the head ends.
function cutAtHead(): Buffer {
  const at = 65_536 - 3
  const comment = segment(0xfe, Buffer.from('a comment'))
  return Buffer.concat([large.subarray(0, at), comment, large.subarray(at)])
}

function indexed(entries: (size: number) => Parameters<typeof mpf>[0]): Buffer {
  const { length } = withSegments(whole, [mpf(entries(1000))])
  return withSegments(whole, [mpf(entries(length))])
}

function exifWithXmp(text: Buffer): Buffer {
  const block = Buffer.alloc(26)
  block.write('II*\0\x08\0\0\0\x01\0', 'latin1')
  block.writeUInt16LE(0x02bc, 10)
  block.writeUInt16LE(1, 12)
  block.writeUInt32LE(text.length, 14)
  block.writeUInt32LE(26, 18)
  return Buffer.concat([block, text])
}

function endlessExif(): Buffer {
  const entries = 3900
  const block = Buffer.alloc(10 + entries * 12)
  block.write('II*\0\x08\0\0\0', 'latin1')
  block.writeUInt16LE(entries, 8)
  for (let at = 10; at < block.length; at += 12) {
    block.writeUInt16LE(0x8769, at)
    block.writeUInt32LE(at, at + 8)
  }
  return block
}
