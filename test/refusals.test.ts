// What must not become an avatar does not, whether S3 refuses it or confirm does.

import t, { type Test } from 'tap'

import { lies } from '../src/dev/sandbox/lies.ts'
import { BUCKET, startApp, type Upload, type User } from './support/app.ts'
import { jpeg, padded, png, withExifGps, withTrailing } from './support/pictures.ts'
import { send } from './support/send.ts'

const picture = padded(png(64), 400)
const html = Buffer.concat([
  png(64).subarray(0, 33),
  Buffer.alloc(367, '<script>alert(1)</script>')
])

interface Refusal {
  name: string
  declared?: object
  bytes: Buffer
  /** What S3 says; confirm is not even reached, unless the store lies. */
  s3?: number
  /** Changes the form before it is sent. */
  tamper?: (fields: Record<string, string>) => void
  reasons: string[]
}

const refusals: Refusal[] = [
  {
    name: 'a PNG sent as JPEG',
    declared: { contentType: 'image/jpeg' },
    bytes: picture,
    reasons: ['CONTENT_TYPE_MISMATCH']
  },
  { name: 'a truncated file', bytes: picture.subarray(0, 399), reasons: ['TRUNCATED'] },
  { name: 'HTML with a PNG head', bytes: html, reasons: ['MALFORMED'] },
  { name: 'plain HTML', bytes: Buffer.alloc(400, '<b>'), reasons: ['UNKNOWN_FORMAT'] },
  { name: 'a picture with a tail', bytes: withTrailing(picture, 'PK'), reasons: ['TRAILING_DATA'] },
  {
    name: 'a picture that says where it was taken',
    declared: { contentType: 'image/jpeg' },
    bytes: withExifGps(jpeg(64)),
    reasons: ['LOCATION_METADATA']
  },
  {
    name: 'a file one byte too long',
    declared: { sizeBytes: 400 },
    bytes: padded(png(64), 401),
    s3: 400,
    reasons: ['SIZE_MISMATCH']
  },
  {
    name: 'a file one byte too short',
    declared: { sizeBytes: 400 },
    bytes: padded(png(64), 399),
    s3: 400,
    reasons: ['SIZE_MISMATCH']
  },
  {
    name: 'another content type in the form',
    bytes: picture,
    tamper: (fields) => {
      fields['Content-Type'] = 'text/html'
    },
    s3: 403,
    reasons: ['CONTENT_TYPE_MISMATCH']
  },
  {
    name: 'a content encoding',
    bytes: picture,
    tamper: (fields) => {
      fields['Content-Encoding'] = 'gzip'
    },
    s3: 403,
    reasons: ['CONTENT_ENCODED']
  },
  {
    name: 'a file that is wrong in every way',
    declared: { sizeBytes: 10, contentType: 'image/gif' },
    bytes: withTrailing(picture, '<?php'),
    tamper: (fields) => {
      fields['Content-Type'] = 'text/plain'
    },
    s3: 403,
    reasons: ['SIZE_MISMATCH', 'CONTENT_TYPE_MISMATCH', 'CONTENT_TYPE_MISMATCH', 'TRAILING_DATA']
  }
]

async function attempt(user: User, { declared, bytes, tamper }: Refusal) {
  const upload = await user.createUpload(bytes, declared)
  const fields = { ...upload.request.fields }
  tamper?.(fields)
  const { status } = await send({ ...upload.request, fields }, bytes)
  return { upload, status }
}

async function isRefused(t: Test, user: User, upload: Upload, codes: string[]) {
  const told = await user.confirm(upload).catch((err) => err)
  t.match(told, { status: 422, code: 'OBJECT_REJECTED', reasons: codes.map((code) => ({ code })) })
  for (const { declared, found } of told.reasons) t.ok(declared && found && declared !== found)
  t.match(await user.read(upload), { state: 'rejected', reasons: told.reasons })
  t.match(await user.confirm(upload).catch((err) => err), { reasons: told.reasons }, 'for good')
}

t.test('refused by S3 or by confirm', async (t) => {
  const { ada, sandbox, sql } = await startApp(t)
  for (const refusal of refusals) {
    await t.test(refusal.name, async (t) => {
      const { upload, status } = await attempt(ada, refusal)
      t.equal(status, refusal.s3 ?? 204)
      if (refusal.s3) {
        t.notOk(sandbox.door.list(BUCKET).includes(`staging/${upload.id}`), 'nothing is stored')
        await t.rejects(ada.confirm(upload), { code: 'OBJECT_MISSING' })
        await ada.abort(upload)
      } else {
        await isRefused(t, ada, upload, refusal.reasons)
      }
    })
  }
  await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  t.same(await sql`select 1 from objects where live`, [])
})

// All lies but one: of a store that ignores ranges nothing large can be read at all.
t.test('on a store that enforces nothing, all of them are refused at confirm', async (t) => {
  const { ada, sandbox } = await startApp(t)
  sandbox.misbehave.lie(...lies.filter((lie) => lie !== 'range'))
  for (const refusal of refusals) {
    await t.test(refusal.name, async (t) => {
      const { upload, status } = await attempt(ada, refusal)
      t.equal(status, 204)
      await isRefused(t, ada, upload, refusal.reasons)
    })
  }
  await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
})

t.test('on a store that keeps what nobody signed, none of it reaches the avatar', async (t) => {
  const { ada, sandbox } = await startApp(t)
  sandbox.misbehave.lie('policy-coverage', 'policy-other')
  const upload = await ada.createUpload(picture)
  const fields = {
    ...upload.request.fields,
    'Cache-Control': 'public',
    'Content-Disposition': 'attachment; filename=virus.exe',
    Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
    'x-amz-meta-owner': 'eve',
    'x-amz-website-redirect-location': 'https://evil.example'
  }
  t.equal((await send({ ...upload.request, fields }, picture)).status, 204)
  await ada.confirm(upload)
  const [key = ''] = sandbox.door.list(BUCKET, 'avatars/')
  t.same((await sandbox.door.get(BUCKET, key))?.headers, {
    'content-type': 'image/png',
    'content-disposition': 'inline; filename="avatar"',
    'cache-control': 'private, max-age=31536000, immutable'
  })
})

t.test('a picture with more pixels than allowed is refused', async (t) => {
  const { ada } = await startApp(t, { AVATAR_MAX_PIXELS: `${64 * 64 - 1}` })
  await isRefused(t, ada, await ada.sent(picture), ['TOO_MANY_PIXELS'])
})

t.test('where location metadata is allowed, a picture may say where it was taken', async (t) => {
  const { ada } = await startApp(t, { LOCATION_METADATA: 'allow' })
  await ada.upload(withExifGps(jpeg(64)), { contentType: 'image/jpeg' })
})

t.test('what is not accepted gets no grant', async (t) => {
  const { ada } = await startApp(t, { OPEN_UPLOADS_PER_USER: '3' })
  const types = ['image/svg+xml', 'image/*', 'Image/Png', 'image/png; charset=x', 'text/html']
  for (const contentType of types) {
    const refused = { status: 422, code: 'CONTENT_TYPE_NOT_ALLOWED' }
    await t.rejects(ada.createUpload(picture, { contentType }), refused)
  }
  const sizeBytes = 5 * 1024 * 1024 + 1
  const refused = { status: 422, code: 'SIZE_NOT_ALLOWED' }
  await t.rejects(ada.createUpload(picture, { sizeBytes }), refused)
  await ada.createUpload(picture, { sizeBytes: sizeBytes - 1 })
})

t.test('a user has so many uploads open and no more, over all instances', async (t) => {
  const full = { status: 429, code: 'TOO_MANY_OPEN_UPLOADS' }
  const { ada, bob, instance, sql } = await startApp(t, { OPEN_UPLOADS_PER_USER: '3' })
  const elsewhere = (await instance()).ada
  const creates = Array.from({ length: 20 }, (_, i) =>
    (i % 2 ? ada : elsewhere).createUpload(picture).catch((err) => err)
  )
  const answers = await Promise.all(creates)
  const open = answers.filter(({ state }) => state === 'open')
  t.equal(open.length, 3)
  t.match(
    answers.filter(({ status }) => status === 429),
    { length: 17, 0: { code: 'TOO_MANY_OPEN_UPLOADS' } }
  )
  await bob.createUpload(picture)

  await ada.abort(open[0])
  await ada.createUpload(picture)
  await t.rejects(ada.createUpload(picture), full)
  await sql`update uploads set expires_at = now() where id = ${open[1].id}`
  const sent = await elsewhere.sent(picture)
  await t.rejects(ada.createUpload(picture), full)
  await ada.confirm(sent)
  await ada.createUpload(picture)
})
