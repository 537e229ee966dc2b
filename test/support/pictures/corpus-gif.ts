// GIF files, good and bad: frames, sub-blocks, animation and XMP.

import type { Case } from './corpus.ts'
import { gifXmp, xmp } from './exif.ts'
import { extension, gif, gifOf, image, subBlocks, withBlock } from './gif.ts'

const whole = gif(64)
const large = gif(600)
const control = () => extension(0xf9, Buffer.from([4, 10, 0, 0]))
const loop = () => extension(0xff, Buffer.from('NETSCAPE2.0'), Buffer.of(1, 0, 0))
const comment = (bytes: number) =>
  Buffer.concat([Buffer.of(0x21, 0xfe), ...subBlocks(Buffer.alloc(bytes, 0x41))])
const frames = (count: number, size = 64) =>
  gifOf(size, size, [
    loop(),
    ...Array.from({ length: count }, () => [control(), image(size, size)]).flat()
  ])
const ended = (...parts: Uint8Array[]) => Buffer.concat([...parts, Buffer.of(0x3b)])
// A comment that makes the next block begin a few bytes before the head ends.
const upTo = (bytesLeft: number) => {
  const room = 65_536 - whole.length + 1 - bytesLeft - 3
  const filled = comment(room - Math.ceil(room / 256))
  return filled
}

const good: Record<string, Buffer> = {
  'of 1987': Buffer.from(whole).fill('GIF87a', 0, 6),
  animated: frames(3),
  'interlaced, with a palette of its own': gifOf(64, 64, [image(64, 64, { flags: 0xc2 })]),
  'of a frame inside': gifOf(64, 64, [image(20, 20, { left: 44, top: 44 })]),
  'with a comment': withBlock(whole, comment(600)),
  'with an application of a short name': withBlock(whole, extension(0xff, Buffer.of(1))),
  'with XMP and no position': withBlock(whole, gifXmp(xmp('dc:x="1"'))),
  large: large,
  'large and animated': frames(60),
  'large, with comments': withBlock(large, comment(70_000)),
  'large, with a frame cut by the unseen bytes': Buffer.concat([
    whole.subarray(0, -1),
    upTo(5),
    image(64, 64),
    comment(150_000),
    Buffer.of(0x3b)
  ]),
  'large, with an extension cut by the unseen bytes': Buffer.concat([
    whole.subarray(0, -1),
    upTo(1),
    control(),
    image(64, 64),
    comment(150_000),
    Buffer.of(0x3b)
  ]),
  'large, ended by pixels with a palette': withBlock(large, image(9, 9, { flags: 0x87 }))
}

const located: Record<string, Buffer> = {
  'XMP behind the pixels': withBlock(whole, gifXmp(xmp())),
  'XMP before the pixels': gifOf(64, 64, [gifXmp(xmp()), image(64, 64)]),
  // Its seventh letter stands where a sub-block's length would be.
  'XMP that is no sub-blocks': withBlock(
    whole,
    gifXmp(Buffer.from(`${'A'.repeat(60)}GPSLatitude="1"`))
  ),
  'XMP in sub-blocks': withBlock(
    whole,
    Buffer.concat([extension(0xff, Buffer.from('XMP DataXMP')).subarray(0, -1), ...xmpInPieces()])
  ),
  'XMP in the tail': withBlock(large, gifXmp(xmp()))
}

const malformed: Record<string, Buffer> = {
  'of no picture': gifOf(64, 64, []),
  'of a frame of no width': gifOf(64, 64, [image(0, 64)]),
  'of a frame of no width inside': gifOf(64, 64, [image(0, 64, { left: 5 })]),
  'of a frame of no height': gifOf(64, 64, [image(64, 0)]),
  'with a block that is none': withBlock(whole, Buffer.from('<html>'))
}

const all = (prefix: string, files: Record<string, Buffer>, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `gif: ${prefix}${name}`,
    bytes,
    format: 'gif',
    problems
  }))

export const gifCases: Case[] = [
  ...all('', good, ''),
  ...all('', malformed, 'MALFORMED'),
  ...all('a position by ', located, 'LOCATION_METADATA'),
  {
    name: 'gif: a bomb',
    bytes: gifOf(65_535, 65_535, [image(1, 1)]),
    format: 'gif',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'gif: a bomb of a frame',
    bytes: gifOf(1, 1, [patchedImage()]),
    format: 'gif',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'gif: large, a bomb of a frame in the tail',
    bytes: withBlock(large, patchedImage()),
    format: 'gif',
    problems: '',
    size: '65535x65535'
  },
  {
    name: 'gif: large, a frame in the tail that reaches out',
    bytes: withBlock(large, image(64, 64, { left: 600, top: 700 })),
    format: 'gif',
    problems: '',
    size: '664x764'
  },
  {
    name: 'gif: large, something like a frame in the tail',
    bytes: withBlock(large, patchedImage({ flags: 0x18 })),
    format: 'gif',
    problems: '',
    size: '600x600'
  },
  {
    name: 'gif: a frame that reaches out',
    bytes: gifOf(64, 64, [image(64, 64, { left: 10, top: 20 })]),
    format: 'gif',
    problems: '',
    size: '74x84'
  },
  {
    name: 'gif: a screen of no size',
    bytes: gifOf(0, 0, [image(64, 30)]),
    format: 'gif',
    problems: '',
    size: '64x30'
  },
  {
    name: 'gif: large, cut behind the beginning of a frame',
    bytes: Buffer.concat([large.subarray(0, 300_000), Buffer.of(0x2c)]),
    format: 'gif',
    problems: 'TRUNCATED'
  },
  { name: 'gif: large, cut', bytes: large.subarray(0, -1), format: 'gif', problems: 'TRUNCATED' },
  {
    name: 'gif: large, cut and ended',
    bytes: ended(large.subarray(0, 300_000)),
    format: 'gif',
    problems: 'TRUNCATED'
  },
  {
    name: 'gif: large, and HTML',
    bytes: Buffer.concat([large, Buffer.from('<html>')]),
    format: 'gif',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'gif: large, and HTML that ends like a GIF',
    bytes: ended(large, Buffer.from('<html>')),
    format: 'gif',
    problems: 'TRAILING_DATA'
  },
  {
    name: 'gif: with pixels beyond the head',
    bytes: gifOf(64, 64, [comment(200_000), image(64, 64)]),
    format: 'gif',
    problems: 'HEADER_TOO_LARGE'
  },
  {
    name: 'gif: with XMP cut by the unseen bytes',
    bytes: gifOf(64, 64, [image(64, 64), gifXmp(Buffer.alloc(200_000, 0x41))]),
    format: 'gif',
    problems: 'HEADER_TOO_LARGE'
  },
  {
    name: 'gif: with the name of XMP cut',
    bytes: Buffer.concat([
      whole.subarray(0, -1),
      upTo(6),
      gifXmp(xmp()),
      comment(150_000),
      Buffer.of(0x3b)
    ]),
    format: 'gif',
    problems: 'HEADER_TOO_LARGE'
  }
]

function patchedImage(more = {}): Buffer {
  const block = image(1, 1, more)
  block.fill(0xff, 5, 9)
  return block
}

// Cut so that no part of a name is whole.
function* xmpInPieces(): Generator<Buffer> {
  const text = xmp()
  for (let at = 0; at < text.length; at += 5) {
    const piece = text.subarray(at, at + 5)
    yield Buffer.from([piece.length, ...piece])
  }
  yield Buffer.of(0)
}
