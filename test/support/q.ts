import sharp from 'sharp'

import { inspect } from '../../src/images/inspect.ts'
import * as p from './pictures.ts'

const say = (n: string, b: Buffer) => {
  const r = inspect(p.objectBytes(b))
  console.log(
    n,
    b.length,
    r.format,
    r.width,
    r.height,
    r.problems.map((x) => x.code + ' ' + x.detail).join('|')
  )
}
for (const f of ['png', 'jpeg', 'webp', 'gif', 'avif'] as const) {
  const b = p[f](64, { height: 30 })
  say(f, b)
  say('  gps', p.withExifGps(b))
  say('  +1', p.withTrailing(b, '\0'))
  say('  zip', p.withTrailing(b, 'PK\x05\x06' + '\0'.repeat(18)))
  say('  -1', b.subarray(0, -1))
  say('  half', b.subarray(0, b.length / 2))
}
say('padded', p.padded(p.png(64), 5 * 1048576))
const noise = (w: number, h: number) =>
  sharp({
    create: {
      width: w,
      height: h,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 60 }
    } as any
  })
for (const [w, h] of [
  [40, 30],
  [700, 500],
  [1600, 1200]
])
  for (const [f, o] of [
    ['jpeg', {}],
    ['jpeg', { progressive: true, quality: 95 }],
    ['png', {}],
    ['png', { progressive: true }],
    ['png', { palette: true }],
    ['webp', {}],
    ['webp', { lossless: true }],
    ['gif', {}],
    ['avif', { effort: 0 }],
    ['avif', { effort: 0, lossless: true }]
  ] as any) {
    const b = await (noise(w!, h!) as any)[f](o).withIccProfile('p3').toBuffer()
    say(f + JSON.stringify(o), b)
    const g = await (noise(w!, h!) as any)
      [f](o)
      .withExifMerge({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
      .toBuffer()
    say('  gps', g)
    const x = await (noise(w!, h!) as any)[f](o).withXmp(p.xmp().toString()).toBuffer()
    say('  xmp', x)
    for (const [n, c] of [
      ['-1', b.subarray(0, -1)],
      ['-10%', b.subarray(0, Math.floor(b.length * 0.9))],
      ['-50%', b.subarray(0, b.length / 2)],
      ['+1', p.withTrailing(b, '\0')],
      ['+;', p.withTrailing(b, ';')],
      ['+zip', p.withTrailing(b, 'PK\x03\x04' + '\0'.repeat(18))]
    ] as any) {
      const r = inspect(p.objectBytes(c))
      console.log('   ', n, r.problems.map((x) => x.code).join('|') || '!!!!!!!!!!!!!')
    }
  }
