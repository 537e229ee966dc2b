// Named picture files, good and bad, each with what reading it has to say.

import type { ImageFormat, PictureProblem } from '../../../src/images/inspect.ts'
import { avif } from './avif.ts'
import { avifCases } from './corpus-avif.ts'
import { avifSizeCases } from './corpus-avif-sizes.ts'
import { gifCases } from './corpus-gif.ts'
import { jpegCases } from './corpus-jpeg.ts'
import { pngCases } from './corpus-png.ts'
import { webpCases } from './corpus-webp.ts'
import { zipCases } from './corpus-zip.ts'
import { exif, withExifGps } from './exif.ts'
import { gif } from './gif.ts'
import { jpeg } from './jpeg.ts'
import { png } from './png.ts'
import { webp } from './webp.ts'

/** Problems as codes, joined by commas; size as width × height where it has to be known. */
export interface Case {
  name: string
  bytes: Uint8Array
  format: ImageFormat | null
  problems: '' | PictureProblem | `${PictureProblem},${PictureProblem}`
  size?: string
}

const makers = { jpeg, png, webp, gif, avif }
const formats = Object.keys(makers) as ImageFormat[]

const zip = Buffer.from(`PK\x03\x04${'a file'.repeat(9)}PK\x05\x06${'\0'.repeat(18)}`, 'latin1')
const TAILS: Record<string, Buffer> = {
  'one zero byte': Buffer.of(0),
  'zero padding to a whole sector': Buffer.alloc(512),
  'a ZIP archive': zip,
  'a page of HTML': Buffer.from('<html><script>alert(1)</script></html>\n'),
  'a PHP program': Buffer.from("<?php system($_GET['c']); __halt_compiler(); ?>"),
  'a PDF document': Buffer.from('%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n'),
  'a second picture': png(8)
}

const everyFormat: Case[] = formats.flatMap((format) => {
  const picture = makers[format](64, { height: 30 })
  const located = withExifGps(picture)
  const cut = (bytes: number) => picture.subarray(0, bytes)
  const truncated = { format, problems: 'TRUNCATED' } as const
  return [
    { name: `${format}: whole`, bytes: picture, format, problems: '', size: '64x30' },
    { name: `${format}: one pixel`, bytes: makers[format](1), format, problems: '', size: '1x1' },
    { name: `${format}: with a position`, bytes: located, format, problems: 'LOCATION_METADATA' },
    { ...truncated, name: `${format}: one byte short`, bytes: cut(picture.length - 1) },
    { ...truncated, name: `${format}: two bytes short`, bytes: cut(picture.length - 2) },
    { ...truncated, name: `${format}: a tenth short`, bytes: cut(picture.length * 0.9) },
    { ...truncated, name: `${format}: half`, bytes: cut(picture.length / 2) },
    { ...truncated, name: `${format}: sixteen bytes`, bytes: cut(16) },
    ...Object.entries(TAILS).map(
      ([what, tail]): Case => ({
        name: `${format}: and ${what}`,
        bytes: Buffer.concat([picture, tail]),
        format,
        problems: 'TRAILING_DATA'
      })
    ),
    {
      name: `${format}: behind a byte of something else`,
      bytes: Buffer.concat([Buffer.of(0), picture]),
      format: null,
      problems: 'UNKNOWN_FORMAT'
    }
  ]
})

const unknown: Case[] = Object.entries({
  nothing: Buffer.alloc(0),
  'a page of HTML': TAILS['a page of HTML']!,
  'a ZIP archive': zip,
  'an SVG drawing': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  'a bitmap': Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0', 'latin1'),
  'a TIFF picture': exif(),
  'an icon file that leads nowhere': Buffer.from('icns\0\0\0\x10ic07\0\0\0\0', 'latin1'),
  'a JPEG XL that leads nowhere': Buffer.from('\0\0\0\x0cJXL \r\n\x87\n\0\0\0\0jxlp', 'latin1'),
  'two bytes of a JPEG': Buffer.from('ffd8', 'hex'),
  'a WAVE sound': Buffer.from('RIFF\x04\0\0\0WAVE', 'latin1'),
  'a file type box alone': Buffer.from('\0\0\0\x0cftypavif', 'latin1'),
  'a file type box of no brand': Buffer.from('\0\0\0\x14ftypmif1\0\0\0\0heic', 'latin1'),
  zeros: Buffer.alloc(200_000)
}).map(([name, bytes]) => ({ name, bytes, format: null, problems: 'UNKNOWN_FORMAT' }))

export const corpus: Case[] = [
  ...everyFormat,
  ...unknown,
  ...jpegCases,
  ...pngCases,
  ...webpCases,
  ...gifCases,
  ...avifCases,
  ...avifSizeCases,
  ...zipCases
]
