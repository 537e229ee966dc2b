// What of prepareAvatar needs no canvas: knowing a file by its bytes, and which part becomes how large.

import { createHash } from 'node:crypto'

import sharp from 'sharp'
import t from 'tap'

import { fit, partOf } from '../../src/client/crop.ts'
import { prepareAvatar, uploadAvatar } from '../../src/client/index.ts'
import { sha256Of } from '../../src/client/sha256.ts'
import { sniff } from '../../src/client/sniff.ts'
import { avif, gif, jpeg, png, webp } from '../support/pictures.ts'
import { file, fileOf, startClient } from './support.ts'

t.test('formats and sizes are read from the first bytes, whatever the name says', async (t) => {
  const pictures = { png: png(64), gif: gif(64), webp: webp(64), jpeg: jpeg(64), avif: avif(64) }
  for (const [format, bytes] of Object.entries(pictures)) {
    t.same(await sniff(fileOf(bytes, 'text/plain')), { format, width: 64, height: 64 })
    for (const cut of [0, 3, 11, 20, 24]) {
      const found = await sniff(fileOf(bytes.subarray(0, cut)))
      t.ok(found === null || found.format === format, `${format} cut to ${cut} bytes`)
    }
  }
  t.equal(await sniff(fileOf(Buffer.from('just some text, long enough for anything'))), null)
})

t.test('a HEIC is told from an AVIF by its brand', async (t) => {
  const heic = Buffer.from(avif(64))
  heic.write('heic', 8)
  t.match(await sniff(fileOf(heic)), { format: 'heic', width: 64 })
  for (const brand of ['isom', 'mp42', 'qt  ']) {
    heic.write(brand, 8)
    t.equal(await sniff(fileOf(heic)), null, `a video: ${brand}`)
  }
})

t.test('each kind of WebP and a progressive JPEG with a thumbnail are measured', async (t) => {
  const plain = sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
  const clear = sharp({ create: { width: 300, height: 200, channels: 4, background: '#0000' } })
  for (const made of [
    plain.clone().webp(),
    plain.clone().webp({ lossless: true }),
    clear.clone().webp(),
    plain.clone().jpeg({ progressive: true }).withMetadata({ orientation: 6 })
  ]) {
    t.match(await sniff(fileOf(await made.toBuffer())), { width: 300, height: 200 })
  }
})

t.test('a picture that would take gigabytes is refused before anything decodes it', async (t) => {
  const bomb = png(64)
  bomb.writeUInt32BE(30_000, 16)
  bomb.writeUInt32BE(30_000, 20)
  await t.rejects(prepareAvatar(fileOf(bomb)), {
    code: 'TOO_MANY_PIXELS',
    detail: '30000 × 30000 pixels'
  })
  const endless = { size: 65 * 1024 * 1024 }
  const huge = Object.setPrototypeOf(endless, Blob.prototype)
  Object.defineProperty(huge, 'size', { value: endless.size })
  await t.rejects(prepareAvatar(huge), { code: 'FILE_TOO_LARGE' })
  await t.rejects(prepareAvatar(fileOf(new Uint8Array())), { code: 'EMPTY_FILE' })
  await t.rejects(prepareAvatar(file, { size: 0 }), { code: 'INVALID_ARGUMENT' })
})

t.test('a GIF is left as it is on request, whatever it says it is', async (t) => {
  const prepared = await prepareAvatar(fileOf(gif(64), 'image/png'), { keepAnimation: true })
  t.match(prepared, { width: 64, height: 64, blob: { type: 'image/gif' } })
  t.same(Buffer.from(await prepared.blob.arrayBuffer()), gif(64))
  t.equal(prepared.sha256, createHash('sha256').update(gif(64)).digest('hex'))
})

t.test('the square in the middle, or the part that is given, as far as there is one', (t) => {
  const picture = { width: 400, height: 300 }
  t.same(partOf(picture), { x: 50, y: 0, width: 300, height: 300 })
  const crop = { x: -10, y: 250, width: 100, height: 100 }
  t.same(partOf(picture, crop), { x: 0, y: 250, width: 90, height: 50 })
  for (const x of [400, -100, Number.NaN]) {
    t.throws(() => partOf(picture, { ...crop, x }), { code: 'INVALID_ARGUMENT' })
  }
  t.end()
})

t.test('the longest side is brought down to the size, and nothing is enlarged', (t) => {
  t.same(fit({ width: 4000, height: 3000 }, 512), { width: 512, height: 384 })
  t.same(fit({ width: 100, height: 90 }, 512), { width: 100, height: 90 })
  t.same(fit({ width: 4000, height: 1 }, 512), { width: 512, height: 1 })
  t.end()
})

t.test('where there is no canvas, preparing is refused, and nothing is sent', async (t) => {
  const { options, steps } = await startClient(t)
  await t.rejects(uploadAvatar(file, { ...options, prepare: undefined }), {
    code: 'PREPARE_UNSUPPORTED',
    detail: /prepare: false/
  })
  t.same(steps, [])
})

t.test('without a secure context there is no digest', async (t) => {
  t.match(await sha256Of(file), /^[0-9a-f]{64}$/)
  t.intercept(globalThis, 'crypto', { value: {}, configurable: true })
  t.equal(await sha256Of(file), undefined)
})

t.test('the hook and the element can be imported where there is no page', async (t) => {
  const { AvatarUploadElement } = await import('../../src/client/element.ts')
  t.type(AvatarUploadElement, 'function')
})

t.test(
  'what the canvas made is what is declared and sent, and the bitmap is given back',
  async (t) => {
    const { options } = await startClient(t)
    const drawn: unknown[] = []
    // No canvas here: one that gives a picture of ours. test:browser has the real one.
    const global = (name: string, value: unknown) =>
      t.intercept(globalThis as never, name as never, { value, configurable: true })
    const close = () => drawn.push('closed')
    global('createImageBitmap', async () => ({ width: 400, height: 300, close }))
    class Canvas {
      getContext = () => ({ drawImage: (_: unknown, ...place: number[]) => drawn.push(place) })
      convertToBlob = async () => fileOf(webp(64), 'image/webp')
    }
    global('OffscreenCanvas', Canvas)
    const avatar = await uploadAvatar(file, { ...options, prepare: { size: 64 } })
    t.match(avatar, { contentType: 'image/webp', width: 64, height: 64 })
    t.same(drawn, [[50, 0, 300, 300, 0, 0, 64, 64], 'closed'])

    global('createImageBitmap', async () => ({ width: 20_000, height: 20_000, close }))
    await t.rejects(prepareAvatar(file), { code: 'TOO_MANY_PIXELS' })
    t.equal(drawn.length, 3, 'closed too')

    global('createImageBitmap', () => Promise.reject(new Error('it has no decoder for it')))
    await t.rejects(prepareAvatar(file), { code: 'UNREADABLE_PICTURE', detail: /no decoder/ })
  }
)
