// PNG files, good and bad: headers, chunks, animation and every way to carry a position.

import { deflateSync } from 'node:zlib'

import type { Case } from './corpus.ts'
import { exif, ONLY_VERSION, xmp } from './exif.ts'
import { type Chunk, chunk, header, png, pngOf, withChunks } from './png.ts'

const whole = png(64)
const NOTHING = Buffer.alloc(0)
const pixels: Chunk = ['IDAT', deflateSync(Buffer.alloc(9))]
const end: Chunk = ['IEND', NOTHING]
const palette: Chunk = ['PLTE', Buffer.alloc(6)]
const text = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const large = (before: Chunk[] = [], after: Chunk[] = []) =>
  pngOf([
    ['IHDR', header(64, 64)],
    ...before,
    ...Array.from({ length: 30 }, (): Chunk => ['IDAT', Buffer.alloc(8192, 7)]),
    ...after,
    end
  ])
const profile = (name: string, data: Buffer) =>
  `\n${name}\n    ${data.length}\n${data.toString('hex').replace(/.{72}/g, '$&\n')}\n`
const XMP = 'XML:com.adobe.xmp\0'
const exifBlock = text('Exif\0\0', exif())
const before = (...chunks: Chunk[]) => withChunks(whole, chunks)
const last = (...chunks: Chunk[]) => withChunks(whole, chunks, { before: 'IEND' })
const of = (ihdr: Buffer, ...chunks: Chunk[]) => pngOf([['IHDR', ihdr], ...chunks, pixels, end])
const frame = (width: number, height: number, x = 0) => {
  const data = Buffer.alloc(26)
  data.writeUInt32BE(width, 4)
  data.writeUInt32BE(height, 8)
  data.writeUInt32BE(x, 12)
  return data
}
const broken = (picture: Buffer, at: number) => {
  const copy = Buffer.from(picture)
  copy[at] = copy[at]! ^ 1
  return copy
}
// An ancillary chunk that makes the next one begin a few bytes before the head ends.
const upTo = (bytesLeft: number): Chunk => ['teSt', Buffer.alloc(65_536 - 33 - 12 - bytesLeft)]

// A chunk behind the pixels that begins so many bytes before the head ends.
const cutBy = (bytesLeft: number, cut: Chunk) =>
  pngOf([
    ['IHDR', header(64, 64)],
    pixels,
    upTo(bytesLeft + 12 + pixels[1].length),
    cut,
    ['teSt', Buffer.alloc(200_000)],
    end
  ])

const good: Record<string, Buffer> = {
  'grey of one bit': of(header(9, 9, { depth: 1, colourType: 0 })),
  'of 16 bits': of(header(9, 9, { depth: 16 })),
  'with a palette': of(header(9, 9, { colourType: 3 }), palette),
  'with alpha': of(header(9, 9, { colourType: 6 })),
  interlaced: of(header(9, 9, { interlace: 1 })),
  'with an ICC profile': before(['iCCP', text('p3\0\0', deflateSync(Buffer.alloc(500)))]),
  'with EXIF and no position': before(['eXIf', exif(ONLY_VERSION)]),
  'with a comment about positions': before(['tEXt', text('Comment\0GPSLatitude="1"')]),
  'with plain text': before(['tEXt', text('Comment\0nice')], ['iTXt', text('Title\0\0\0\0\0x')]),
  'with text of no keyword': before(['tEXt', text('no end of it')]),
  'with XMP and no position': before(['iTXt', text(XMP, '\0\0\0\0', xmp('dc:x="1"'))]),
  'with a raw profile of nothing': before(['tEXt', text('Raw profile type exif\0', 'x')]),
  animated: of(header(9, 9), ['acTL', Buffer.alloc(8)], ['fcTL', frame(9, 9)]),
  'large, of many chunks': large(),
  'large, of one chunk': pngOf([['IHDR', header(64, 64)], ['IDAT', Buffer.alloc(300_000)], end]),
  'large, ended by text': large([], [['tEXt', text('Comment\0nice')]]),
  'large, with a frame cut by the unseen bytes': cutBy(20, ['fcTL', frame(64, 64)])
}

const located: Record<string, Buffer> = {
  'eXIf with a prefix': before(['eXIf', exifBlock]),
  'eXIf behind the pixels': last(['eXIf', exif()]),
  'eXIf behind the pixels in the tail': large(
    [],
    [
      ['eXIf', exif()],
      ['tEXt', text('A\0b')]
    ]
  ),
  iTXt: before(['iTXt', text(XMP, '\0\0\0\0', xmp())]),
  'iTXt that is compressed': before(['iTXt', text(XMP, '\x01\0en\0en\0', deflateSync(xmp()))]),
  tEXt: before(['tEXt', text(XMP, xmp())]),
  zTXt: before(['zTXt', text(XMP, '\0', deflateSync(xmp()))]),
  'zTXt in the tail': large([], [['zTXt', text(XMP, '\0', deflateSync(xmp()))]]),
  'a raw profile of EXIF': before([
    'tEXt',
    text('Raw profile type exif\0', profile('exif', exifBlock))
  ]),
  'a raw profile of APP1': before([
    'zTXt',
    text('Raw profile type APP1\0\0', deflateSync(profile('generic profile', exifBlock)))
  ]),
  'a raw profile of XMP': before(['tEXt', text('Raw profile type xmp\0', profile('xmp', xmp()))]),
  'a property': before(['tEXt', text('exif:GPSLatitude\0', '51/1')])
}

const malformed: Record<string, Buffer> = {
  'of no width': of(header(0, 9)),
  'of no height': of(header(9, 0)),
  'of a width beyond 31 bits': of(header(2 ** 31, 9)),
  'of a depth that does not exist': of(header(9, 9, { depth: 3 })),
  'of a colour type that does not exist': of(header(9, 9, { colourType: 1 })),
  'of an interlacing that does not exist': of(header(9, 9, { interlace: 2 })),
  'of a header too long': of(Buffer.concat([header(9, 9), Buffer.of(0)])),
  'of two headers': of(header(9, 9), ['IHDR', header(9, 9)]),
  'without a header': pngOf([pixels, end]),
  'without pixels': pngOf([['IHDR', header(9, 9)], end]),
  'without its palette': of(header(9, 9, { colourType: 3 })),
  'with an uneven palette': of(header(9, 9), ['PLTE', Buffer.alloc(4)]),
  'with an empty palette': of(header(9, 9), ['PLTE', NOTHING]),
  'with two palettes': of(header(9, 9), palette, palette),
  'with a palette too late': pngOf([['IHDR', header(9, 9)], pixels, palette, end]),
  'with pixels interrupted': pngOf([
    ['IHDR', header(9, 9)],
    pixels,
    ['tEXt', text('A\0b')],
    pixels,
    end
  ]),
  'with an end that holds something': pngOf([
    ['IHDR', header(9, 9)],
    pixels,
    ['IEND', Buffer.of(1)]
  ]),
  'with an unknown critical chunk': before(['ABCD', NOTHING]),
  'with a chunk type that is none': before(['ab1d', NOTHING]),
  'with a wrong sum on its header': broken(whole, 30),
  'with a wrong sum on its pixels': broken(whole, whole.length - 14),
  'with a wrong sum on its EXIF': broken(before(['eXIf', exif(ONLY_VERSION)]), 60),
  'with a chunk beyond 31 bits': Buffer.concat([
    whole.subarray(0, 33),
    Buffer.from('ffffffff74457874', 'hex')
  ]),
  'with a frame outside': of(header(9, 9), ['fcTL', frame(9, 9, 1)]),
  'with a frame of no size': of(header(9, 9), ['fcTL', frame(0, 9)]),
  'with a frame header too short': of(header(9, 9), ['fcTL', Buffer.alloc(8)]),
  'with text that does not inflate': before(['zTXt', text(XMP, '\0', 'not deflated')]),
  'with international text cut short': before(['iTXt', text(XMP, '\0\0en')]),
  'with international text without a language': before(['iTXt', text(XMP, '\0')]),
  'large, with a wrong chunk in its tail': large([], [['ABCD', NOTHING]])
}

const tooLarge: Record<string, Buffer> = {
  'with text that inflates beyond bounds': before([
    'zTXt',
    text(XMP, '\0', deflateSync(Buffer.alloc(9_000_000)))
  ]),
  'with text that inflates again and again': before(
    ...Array.from(
      { length: 200 },
      (): Chunk => ['zTXt', text(XMP, '\0', deflateSync(Buffer.alloc(90_000)))]
    )
  ),
  'with EXIF cut by the unseen bytes': cutBy(40, ['eXIf', exif(ONLY_VERSION)]),
  'with XMP cut by the unseen bytes': cutBy(40, ['iTXt', text(XMP, '\0\0\0\0', xmp())]),
  'with a keyword cut by the unseen bytes': cutBy(14, ['iTXt', text(XMP, '\0\0\0\0', xmp())]),
  'with pixels beyond the head': large([['teSt', Buffer.alloc(66_000)]])
}

const all = (prefix: string, files: Record<string, Buffer>, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `png: ${prefix}${name}`,
    bytes,
    format: 'png',
    problems
  }))

export const pngCases: Case[] = [
  ...all('', good, ''),
  ...all('', malformed, 'MALFORMED'),
  ...all('', tooLarge, 'HEADER_TOO_LARGE'),
  ...all('a position by ', located, 'LOCATION_METADATA'),
  {
    name: 'png: a bomb',
    bytes: of(header(65_535, 65_535)),
    format: 'png',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'png: a bomb of 31 bits',
    bytes: of(header(2 ** 31 - 1, 2 ** 31 - 1)),
    format: 'png',
    problems: '',
    size: '2147483647x2147483647'
  },
  {
    name: 'png: of tiny chunks',
    bytes: before(...Array.from({ length: 9000 }, (): Chunk => ['teSt', NOTHING])),
    format: 'png',
    problems: ''
  },
  { name: 'png: large, cut', bytes: large().subarray(0, -1), format: 'png', problems: 'TRUNCATED' },
  {
    name: 'png: large, and HTML',
    bytes: text(large(), '<html>'),
    format: 'png',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'png: large, and HTML that ends like a PNG',
    bytes: text(large(), '<html>', chunk(end)),
    format: 'png',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'png: large, of one chunk, and HTML',
    bytes: text(good['large, of one chunk']!, '<html>'),
    format: 'png',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'png: with a chunk beyond the end',
    bytes: whole.subarray(0, 50),
    format: 'png',
    problems: 'TRUNCATED',
    size: '64x64'
  }
]
