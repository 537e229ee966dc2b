// The client in a real browser: pixels, progress, cancelling, a network that goes and comes.

import { gzipSync } from 'node:zlib'

import sharp from 'sharp'
import t from 'tap'

import { setUpBucket } from '../../src/doctor/setup.ts'
import { gif, padded, png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { bundle } from './support/bundle.ts'
import { openClient } from './support/client.ts'
import type { File } from './support/files.ts'

const MAX_BYTES = 6000
const large: File = { type: 'image/png', body: padded(png(64), 4_000_000) }

t.test('the whole client is small', async (t) => {
  const minified = await bundle('src/client/index.ts', '--minify', '--target=es2022')
  const bytes = gzipSync(minified, { level: 9 }).length
  t.comment(`${bytes} bytes, minified and gzipped`)
  t.ok(bytes <= MAX_BYTES, `${bytes} bytes of ${MAX_BYTES}`)
})

t.test('a photo with GPS, lying on its side, arrives upright, small and clean', async (t) => {
  const photo = await photoOnItsSide()
  const files = { '/photo.jpg': { type: 'image/jpeg', body: photo } }
  const { page } = await openClient(t, { files, expected: [/422/] })
  const { avatar, refused } = await page.evaluate(async () => {
    const file = await fileAt('/photo.jpg', 'image/jpeg')
    const asItIs = { ...options, prepare: false as const }
    const refused = await client.uploadAvatar(file, asItIs).catch(({ message }) => message)
    return { refused, avatar: await client.uploadAvatar(file, options) }
  })
  t.match(refused, /where it was taken/, 'the position is really there')
  t.match(avatar, { contentType: 'image/webp', width: 512, height: 512 })
  t.ok(avatar.sizeBytes < 100_000, `${avatar.sizeBytes} bytes of ${photo.length}`)
  const served = await download(avatar.url)
  const kept = await sharp(served).metadata()
  t.same([kept.exif, kept.xmp, kept.orientation], [undefined, undefined, undefined])
  const { icc } = await sharp(photo).metadata()
  t.ok(icc && !kept.icc?.equals(icc), 'no profile but the canvas’ own sRGB')
  t.match(await colourAt(served, 256, 20), { red: true, blue: false }, 'red is above')
  t.match(await colourAt(served, 256, 490), { red: false, blue: true }, 'blue is below')
})

// Red above blue when held upright, a quarter turn from how it is stored; with the noise of a sensor.
async function photoOnItsSide() {
  const [width, height] = [3000, 4000]
  const half = { width, height: height / 2, channels: 3 as const }
  const blue = await sharp({ create: { ...half, background: '#1e1ec8' } })
    .png({ compressionLevel: 1 })
    .toBuffer()
  const small = { width: width / 8, height: height / 16, channels: 3 as const }
  const grain = { type: 'gaussian' as const, mean: 128, sigma: 30 }
  const noise = await sharp({ create: { ...small, background: 'grey', noise: grain } })
    .resize(width, height / 2)
    .png({ compressionLevel: 1 })
    .toBuffer()
  const upright = await sharp({ create: { width, height, channels: 3, background: '#c81e1e' } })
    .composite([
      { input: blue, top: height / 2, left: 0 },
      { input: noise, top: 1000, left: 0, blend: 'soft-light' }
    ])
    .png({ compressionLevel: 1 })
    .toBuffer()
  return sharp(upright)
    .rotate(270)
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
    .withMetadata({ orientation: 6, icc: 'p3' })
    .jpeg({ quality: 95 })
    .toBuffer()
}

async function colourAt(picture: Buffer, left: number, top: number) {
  const region = { left, top, width: 1, height: 1 }
  const [r = 0, g = 0, b = 0] = await sharp(picture).extract(region).removeAlpha().raw().toBuffer()
  return { red: r > 150 && g + b < 120, blue: b > 150 && r + g < 120, white: r + g + b > 740 }
}

for (const method of ['post', 'put']) {
  t.test(`progress is told as the bytes leave, all of it only at the end: ${method}`, async (t) => {
    const files = { '/large.png': large }
    const { page, slowDown } = await openClient(t, {
      files,
      environment: { UPLOAD_METHOD: method }
    })
    await slowDown(6_000_000)
    const { told, steps } = await page.evaluate(async () => {
      const told: number[] = []
      const steps: string[] = []
      await client.uploadAvatar(await fileAt('/large.png', 'image/png'), {
        ...options,
        prepare: false,
        onProgress: (fraction) => told.push(fraction),
        onStep: ({ name, answer }) =>
          answer && steps.push(`${name} ${answer.status} at ${told.at(-1)}`)
      })
      return { told, steps }
    })
    t.equal(told[0], 0)
    t.equal(told.at(-1), 1)
    t.ok(told.length > 4, `${told.length} times`)
    t.same(
      told,
      [...new Set(told)].sort((a, b) => a - b),
      'never back'
    )
    t.equal(steps.at(-1), 'confirm 200 at 0.95')
  })
}

t.test('cancelled in the middle, the transfer stops and the upload is aborted', async (t) => {
  const files = { '/large.png': large }
  const { page, slowDown, sandbox, sql, deps } = await openClient(t, {
    files,
    expected: [/ERR_ABORTED/]
  })
  await slowDown(1_000_000)
  const code = await page.evaluate(async () => {
    const cancelling = new AbortController()
    return client
      .uploadAvatar(await fileAt('/large.png', 'image/png'), {
        ...options,
        prepare: false,
        signal: cancelling.signal,
        onProgress: (fraction) => fraction > 0 && cancelling.abort()
      })
      .catch(({ code }) => code)
  })
  t.equal(code, 'CANCELLED')
  const row = () => sql`select discarded_at from uploads`
  while (!(await row())[0]?.discarded_at) await new Promise((done) => setTimeout(done, 20))
  t.same(sandbox.door.list(deps.config.s3.bucket, ''), [], 'S3 has stored nothing')
})

t.test('offline, it waits for the network to come back', async (t) => {
  const { page, context } = await openClient(t, { expected: [/ERR_INTERNET_DISCONNECTED/] })
  await page.evaluate(async () => {
    const picture = await fileAt('/picture.png', 'image/png')
    Object.assign(globalThis, { picture })
    Math.random = () => 0 // no wait but that for the network
  })
  await context.setOffline(true)
  const failed = page.waitForEvent('requestfailed')
  const uploading = page.evaluate(() =>
    client.uploadAvatar((globalThis as unknown as { picture: Blob }).picture, {
      ...options,
      retries: 1
    })
  )
  await failed
  // Time enough for an attempt that does not wait to use up its only retry.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 200)))
  await context.setOffline(false)
  t.match(await uploading, { width: 64, height: 64 })
})

t.test('a page that is not let in hears that CORS may be the reason', async (t) => {
  const { page } = await openClient(t, { isAllowed: false, expected: [/CORS|ERR_FAILED/] })
  const error = await page.evaluate(async () => {
    const asked = { ...options, retries: 0, prepare: false as const }
    const file = await fileAt('/picture.png', 'image/png')
    return client.uploadAvatar(file, asked).catch(({ code, detail }) => ({ code, detail }))
  })
  t.match(error, { code: 'NETWORK_FAILED', detail: /CORS_ORIGINS of the service/ })
})

t.test('S3 not letting the page in, and a transfer that stands still, look the same', async (t) => {
  const { page, sandbox, deps } = await openClient(t, { expected: [/CORS|ERR_|403/] })
  const sent = () =>
    page.evaluate(async () => {
      const file = await fileAt('/picture.png', 'image/png')
      const upload = await client.createUpload(file, options)
      const asked = { retries: 0, timeoutSeconds: 0.3 }
      return client
        .send(upload.request, file, asked)
        .catch(({ code, detail }) => ({ code, detail }))
    })
  const error = { code: 'NETWORK_FAILED', detail: /CORS rules of the bucket/ }
  sandbox.misbehave.hang('PostObject')
  t.match(await sent(), error)
  sandbox.misbehave.clear()
  await setUpBucket({ ...deps.config, corsOrigins: ['https://elsewhere.example'] }, () => {})
  t.match(await sent(), error)
})

t.test('the part that is given, never enlarged, WebP or JPEG on white', async (t) => {
  const [width, height] = [400, 300]
  const clear = { create: { width, height, channels: 4 as const, background: '#0000' } }
  const blue = await sharp({ create: { width: 100, height: 100, channels: 4, background: 'blue' } })
    .png()
    .toBuffer()
  const body = await sharp(clear)
    .composite([{ input: blue, top: 0, left: 300 }])
    .png()
    .toBuffer()
  const { page } = await openClient(t, { files: { '/blue.png': { type: 'image/png', body } } })
  const prepare = async (options: object) => {
    const { bytes, ...facts } = await page.evaluate(async (options) => {
      const { blob, ...facts } = await client.prepareAvatar(await fileAt('/blue.png'), options)
      const bytes = [...new Uint8Array(await blob.arrayBuffer())]
      return { ...facts, type: blob.type, bytes }
    }, options)
    return { ...facts, picture: Buffer.from(bytes) }
  }

  t.match(await prepare({}), {
    width: 300,
    height: 300,
    type: 'image/webp',
    sha256: /^[0-9a-f]{64}$/
  })
  t.match(await prepare({ size: 100 }), { width: 100, height: 100 })
  const crop = { x: 200, y: 0, width: 200, height: 100 }
  const part = await prepare({ crop, type: 'image/jpeg' })
  t.match(part, { width: 200, height: 100, type: 'image/jpeg' })
  t.match(await colourAt(part.picture, 150, 50), { blue: true })
  t.match(await colourAt(part.picture, 50, 50), { white: true }, 'what was clear is white')

  await page.evaluate(() => {
    const { convertToBlob } = OffscreenCanvas.prototype
    OffscreenCanvas.prototype.convertToBlob = function (options) {
      const isWebp = options?.type === 'image/webp'
      return convertToBlob.call(this, isWebp ? { type: 'image/png' } : options)
    }
  })
  t.match(await prepare({}), { type: 'image/jpeg' }, 'as in Safari, which encodes no WebP')
  await page.evaluate(() => void Reflect.deleteProperty(globalThis, 'OffscreenCanvas'))
  t.match(await prepare({}), { type: 'image/webp' }, 'by a canvas of the page')
})

t.test('what cannot be opened is told apart', async (t) => {
  const heic = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(40)])
  const files = {
    '/photo.heic': { type: 'image/heic', body: heic },
    '/text.png': { type: 'image/png', body: 'no picture' },
    '/moving.gif': { type: 'image/gif', body: gif(64) }
  }
  const { page } = await openClient(t, { files })
  const errorOf = (path: string) =>
    page.evaluate(
      async (path) =>
        client.prepareAvatar(await fileAt(path)).catch(({ code, message }) => ({ code, message })),
      path
    )
  t.match(await errorOf('/photo.heic'), { code: 'HEIC_UNSUPPORTED', message: /HEIC/ })
  t.match(await errorOf('/text.png'), { code: 'UNREADABLE_PICTURE' })
  t.match(await errorOf('/moving.gif'), { width: 64 }, 'a GIF is a picture')

  await page.evaluate(() => {
    OffscreenCanvas.prototype.getContext = () => null
  })
  t.match(await errorOf('/moving.gif'), { code: 'PREPARE_UNSUPPORTED' })
  await page.evaluate(() => void Reflect.deleteProperty(globalThis, 'createImageBitmap'))
  t.match(await errorOf('/moving.gif'), { code: 'PREPARE_UNSUPPORTED' })
})
