// No name breaks a signature: odd but legal users, buckets, types and sizes go all the way.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

import fc from 'fast-check'
import t from 'tap'

import { SUBJECT } from '../src/identity/claims.ts'
import { startApp } from './support/app.ts'
import { avif, gif, jpeg, padded, png, webp } from './support/pictures.ts'
import { download, send } from './support/send.ts'
import { FUZZ } from './support/thorough.ts'

const OPTIONS = {
  numRuns: 10 * FUZZ,
  endOnFailure: true // every step of shrinking is a whole upload
}
const BUCKETS = ['abc', 'my.pictures.example.com', `1.2-3--4.${'b'.repeat(54)}`]
const GRANTS = [
  { STORE: 'aws', UPLOAD_METHOD: 'post' },
  { STORE: 'aws', UPLOAD_METHOD: 'put' },
  { STORE: 'b2', UPLOAD_METHOD: 'put' }
]
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ALPHABET = [...`${LETTERS}${LETTERS.toUpperCase()}0123456789_.:@|-`]

const pictures = {
  'image/png': png(8),
  'image/jpeg': jpeg(8),
  'image/webp': webp(8),
  'image/gif': gif(8),
  'image/avif': avif(8)
}

const user = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 64 }),
    fc.string({ unit: fc.constantFrom(...'_.:@|-'), minLength: 1, maxLength: 64 }),
    fc.constantFrom('@'.repeat(64), 'ME', 'a..b', '...', 'auth0|5f7c:x@y.z', '__proto__')
  )
  .filter((id) => SUBJECT.test(id) && id !== 'me')

const place = { bucket: fc.nat(BUCKETS.length - 1), grant: fc.nat(GRANTS.length - 1), user }
const declared = {
  contentType: fc.constantFrom(...(Object.keys(pictures) as (keyof typeof pictures)[])),
  hashed: fc.boolean()
}
const room = fc.option(fc.integer({ min: 12, max: 3000 }), { nil: 0 })

/** As a URL may write it: what must be encoded, or everything. */
const encodings = {
  some: encodeURIComponent,
  all: (id: string) =>
    [...id].map((one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
}
const encoding = fc.constantFrom(...(Object.keys(encodings) as (keyof typeof encodings)[]))

const hashOf = (bytes: Buffer, hashed: boolean) =>
  hashed ? { sha256: createHash('sha256').update(bytes).digest('hex') } : {}

/** As long as a token may have it, and three times that in a URL. */
const longest = {
  ...{ bucket: 1, grant: 1, user: '@'.repeat(64), encoding: 'all' as const },
  ...{ contentType: 'image/png' as const, hashed: true, room: 0 }
}

const { sandbox, instance } = await startApp(t)
BUCKETS.forEach(sandbox.door.createBucket)
const instances = await Promise.all(
  BUCKETS.map((S3_BUCKET) => Promise.all(GRANTS.map((grant) => instance({ S3_BUCKET, ...grant }))))
)

t.test('a picture of anybody, anywhere, is created, sent, confirmed and read', async (t) => {
  const property = fc.asyncProperty(
    fc.record({ ...place, ...declared, room, encoding }),
    async ({ bucket, grant, user, contentType, hashed, room, encoding }) => {
      const instance = instances[bucket]![grant]!
      const picture = pictures[contentType]
      const bytes = contentType === 'image/png' ? padded(picture, picture.length + room) : picture
      const owner = instance.user(user)
      const upload = await owner.createUpload(bytes, { contentType, ...hashOf(bytes, hashed) })
      assert.ok((await send(upload.request, bytes)).ok)
      const { avatar } = await owner.confirm(upload)
      assert.deepEqual(await download(avatar.url), bytes)
      const read = await instance.bob.avatar(encodings[encoding](user))
      assert.deepEqual(await download(read.url), bytes)
    }
  )
  await t.resolves(fc.assert(property, { ...OPTIONS, examples: [[longest]] }))
})

t.test('whatever size and type is declared, the grant takes just that', async (t) => {
  const property = fc.asyncProperty(
    fc.record({ ...place, ...declared, sizeBytes: fc.integer({ min: 1, max: 2000 }) }),
    async ({ bucket, grant, user, contentType, hashed, sizeBytes }) => {
      const owner = instances[bucket]![grant]!.user(user)
      const bytes = Buffer.alloc(sizeBytes, '+ %2F/')
      const upload = await owner.createUpload(bytes, { contentType, ...hashOf(bytes, hashed) })
      const longer = await send(upload.request, Buffer.concat([bytes, Buffer.alloc(1)]))
      assert.match(`${longer.status}`, /^40[03]$/)
      assert.ok((await send(upload.request, bytes)).ok)
      await assert.rejects(owner.confirm(upload), { code: 'OBJECT_REJECTED' })
    }
  )
  await t.resolves(fc.assert(property, OPTIONS))
})
