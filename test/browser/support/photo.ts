// A photo as phones take it: lying on its side, with the place where it was taken.

import sharp from 'sharp'

/** 1600 × 1200 as stored; upright it is 1200 × 1600, its upper half red, its lower half blue. */
export async function photo() {
  const half = { width: 800, height: 1200, channels: 3 as const, background: '#d02020' }
  // With so much grain in it, even what the page makes of it takes a moment to send.
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 50 }
  const grain = await sharp({
    create: { width: 800, height: 600, channels: 3, background: '#000', noise }
  })
    .resize(1600, 1200, { kernel: 'nearest' })
    .png()
    .toBuffer()
  const red = await sharp({ create: half }).png().toBuffer()
  return sharp({ create: { ...half, width: 1600, background: '#2020d0' } })
    .composite([
      { input: red, left: 0, top: 0 },
      { input: grain, blend: 'soft-light' }
    ])
    .withExif({
      IFD0: { Make: 'Directo' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '51/1 30/1 0/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '0/1 7/1 0/1'
      }
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
}

/** Which colour is at this height of a picture, 0 to 1 from above. */
export async function colourAt(picture: Buffer, height: number): Promise<'red' | 'blue'> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const row = Math.min(info.height - 1, Math.floor(info.height * height))
  const [red, , blue] = data.subarray((row * info.width + info.width / 2) * info.channels)
  return red! > blue! ? 'red' : 'blue'
}
