// Pictures by an encoder of others: all are read, none is accepted with an end cut off or added.

import sharp, { type Sharp } from 'sharp'
import t, { type Test } from 'tap'

import {
  HEAD_BYTES,
  inspect,
  type ObjectBytes,
  type Picture,
  TAIL_BYTES
} from '../src/images/inspect.ts'
import { xmp } from './support/pictures/exif.ts'
import { objectBytes, withTrailing } from './support/pictures.ts'
import { isThorough } from './support/thorough.ts'

const encoders: Record<string, (image: Sharp) => Sharp> = {
  jpeg: (image) => image.jpeg(),
  'jpeg, progressive': (image) => image.jpeg({ progressive: true, quality: 95 }),
  'jpeg, with all chroma': (image) => image.jpeg({ chromaSubsampling: '4:4:4' }),
  'jpeg, grey': (image) => image.greyscale().jpeg(),
  'jpeg, by MozJPEG': (image) => image.jpeg({ mozjpeg: true }),
  png: (image) => image.png(),
  'png, interlaced': (image) => image.png({ progressive: true }),
  'png, with a palette': (image) => image.png({ palette: true, colours: 16, effort: 1 }),
  'png, with alpha': (image) => image.ensureAlpha(0.5).png(),
  'png, of 16 bits': (image) => image.toColourspace('rgb16').png(),
  webp: (image) => image.webp(),
  'webp, lossless': (image) => image.webp({ lossless: true }),
  'webp, with alpha': (image) => image.ensureAlpha(0.5).webp(),
  gif: (image) => image.gif({ effort: 1 }),
  'gif, interlaced': (image) => image.gif({ progressive: true, effort: 1 }),
  avif: (image) => image.avif({ effort: 0 }),
  'avif, lossless': (image) => image.avif({ effort: 0, lossless: true }),
  'avif, with alpha': (image) => image.ensureAlpha(0.5).avif({ effort: 0 })
}

const SIZES = [
  [40, 30],
  [203, 301],
  [480, 360]
] as const
const ANIMATED_SIZES = [
  [40, 30],
  [320, 240]
] as const
const GPS = { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } }
const CAMERA = { IFD0: { Make: 'Somebody', Model: 'Something' } }
const ZIP = Buffer.from(`PK\x03\x04${'\0'.repeat(26)}PK\x05\x06${'\0'.repeat(18)}`, 'latin1')
const noises = new Map<string, Buffer>()
let large = 0

for (const [name, encode] of Object.entries(encoders)) {
  const format = name.split(',', 1)[0]!
  // Coding is what takes time: of the largest, one in each format is enough for npm test.
  const sizes = isThorough || name === format ? SIZES : SIZES.slice(0, 2)
  for (const [width, height] of sizes) {
    t.test(`${name}, ${width} × ${height}`, async (t) => {
      const image = encode(await noise(width, height))
      const variants = {
        plain: image,
        'with EXIF and an ICC profile': image.clone().withExif(CAMERA).withIccProfile('p3')
      }
      for (const [variant, one] of Object.entries(variants)) {
        const bytes = await one.toBuffer()
        if (bytes.length > HEAD_BYTES + TAIL_BYTES) large += 1
        t.same(summary(read(bytes)), { format, width, height, problems: [] }, variant)
        refusedWhenCut(t, bytes, variant)
        refusedWithMore(t, bytes, variant)
      }
    })
  }

  if (format === 'gif') continue // it has no EXIF, and the encoder writes no XMP
  t.test(`${name}, with a position`, async (t) => {
    const variants: Record<string, (image: Sharp) => Sharp> = {
      EXIF: (image) => image.withExif(GPS),
      XMP: (image) => image.withXmp(xmp().toString())
    }
    for (const [variant, located] of Object.entries(variants)) {
      for (const [width, height] of [SIZES[0], sizes.at(-1)!]) {
        const bytes = await located(encode(await noise(width, height))).toBuffer()
        t.same(codes(read(bytes)), ['LOCATION_METADATA'], variant)
      }
    }
  })
}

for (const format of ['gif', 'webp'] as const) {
  for (const [width, height] of ANIMATED_SIZES) {
    t.test(`${format}, animated, ${width} × ${height}`, async (t) => {
      const pages = await made(width, height * 3)
      const raw = { width, height: height * 3, channels: 3, pageHeight: height } as const
      const bytes = await sharp(pages, { raw, animated: true } as object)
        [format]({ effort: 1 })
        .toBuffer()
      if (bytes.length > HEAD_BYTES + TAIL_BYTES) large += 1
      t.same(summary(read(bytes)), { format, width, height, problems: [] })
      refusedWhenCut(t, bytes, 'animated')
      refusedWithMore(t, bytes, 'animated')
    })
  }
}

t.test('many of these files were longer than what is seen of them', async (t) => {
  t.ok(large >= (isThorough ? 30 : 15), `${large} files`)
})

function refusedWhenCut(t: Test, bytes: Buffer, what: string) {
  for (const part of [1 / bytes.length, 0.1, 0.5]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * (1 - part)))
    t.not(codes(read(cut)).length, 0, `${what}, cut by ${part}`)
  }
}

function refusedWithMore(t: Test, bytes: Buffer, what: string) {
  for (const more of ['\0', ';', bytes.subarray(-1), ZIP, '<html></html>']) {
    const problems = codes(read(withTrailing(bytes, more)))
    t.same(problems, ['TRAILING_DATA'], `${what}, and ${more.length} bytes`)
  }
}

const read = (bytes: Buffer): Picture => inspect(objectBytes(bytes) satisfies ObjectBytes)
const codes = ({ problems }: Picture) => problems.map(({ code }) => code)
const summary = ({ format, width, height, problems }: Picture) => ({
  format,
  width,
  height,
  problems
})

async function noise(width: number, height: number): Promise<Sharp> {
  const raw = { width, height, channels: 3 } as const
  const size = `${width}x${height}`
  const pixels = noises.get(size) ?? (await made(width, height))
  noises.set(size, pixels)
  return sharp(pixels, { raw })
}

function made(width: number, height: number): Promise<Buffer> {
  const gaussian = { type: 'gaussian', mean: 128, sigma: 50 } as const
  return sharp({ create: { width, height, channels: 3, background: '#888', noise: gaussian } })
    .raw()
    .toBuffer()
}
