// What the service needs of any S3: run against the sandbox and, if the environment names one,
// against a real store (TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY).

import { createHash, randomBytes } from 'node:crypto'

import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import { newId, newObjectKey, stagingKey } from '../src/keys.ts'
import { openBucket } from '../src/s3/bucket.ts'
import { storeOf } from '../src/stores.ts'
import { removeBucket } from './support/interop/remove.ts'
import { padded, png } from './support/pictures.ts'
import { download, send } from './support/send.ts'

const picture = padded(png(64), 400)
const large = padded(png(64), 300_000)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface Store {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

const stores: Record<string, (t: Test) => Promise<Store>> = {
  async sandbox(t) {
    const sandbox = await startSandbox()
    t.teardown(sandbox.close)
    return sandbox
  }
}
const { TEST_S3_ENDPOINT: endpoint, TEST_S3_REGION: region = 'us-east-1' } = process.env
if (endpoint) {
  const accessKeyId = process.env.TEST_S3_ACCESS_KEY_ID ?? ''
  const secretAccessKey = process.env.TEST_S3_SECRET_ACCESS_KEY ?? ''
  const credentials = { accessKeyId, secretAccessKey }
  stores[`the store at ${endpoint}`] = async () => ({ endpoint, region, credentials })
}

for (const [name, start] of Object.entries(stores)) {
  t.test(name, async (t) => {
    const store = await start(t)
    const name = `directo-contract-${randomBytes(6).toString('hex')}`
    const client = new S3Client({ ...store, forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: name }))
    const config = {
      endpoint: store.endpoint,
      publicEndpoint: store.endpoint,
      region: store.region,
      credentials: { ...store.credentials, sessionToken: undefined },
      pathStyle: true,
      deadlineMs: 5000,
      store: storeOf('aws')!,
      method: 'POST' as const
    }
    const bucket = openBucket({ ...config, bucket: name })
    t.teardown(async () => {
      await removeBucket(client, name)
      bucket.close()
      client.destroy()
    })
    const put = (key: string, bytes: Buffer, more = {}) =>
      client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes, ...more }))
    const absent = openBucket({ ...config, bucket: `${name}-absent` })
    t.teardown(absent.close)
    await t.rejects(absent.ping(), { code: 'STORAGE_UNAVAILABLE' })
    await bucket.ping()
    await contract(t, bucket, put)
  })
}

async function contract(
  t: Test,
  bucket: ReturnType<typeof openBucket>,
  put: (key: string, bytes: Buffer, more?: object) => Promise<unknown>
) {
  const granting = (method: 'presignPost' | 'presignPut') => {
    return async (key: string, bytes: Buffer, more = {}) => {
      const facts = { key, contentType: 'image/png', sizeBytes: bytes.length, sha256: null }
      return (await bucket[method]({ ...facts, seconds: 60, ...more })).request
    }
  }
  const methods = { POST: granting('presignPost'), PUT: granting('presignPut') }
  const other = padded(png(64, { colour: 'red' }), 400)

  for (const [method, grant] of Object.entries(methods)) {
    await t.test(`an object granted by ${method} arrives as it was sent`, async (t) => {
      const key = stagingKey(newId())
      t.equal(await bucket.head(key), null)
      t.ok((await send(await grant(key, picture), picture)).ok)
      const facts = { sizeBytes: 400, contentType: 'image/png', contentEncoding: null }
      t.match(await bucket.head(key), { ...facts, etag: /^".+"$/ })
      const read = { bytes: picture, sizeBytes: 400, contentEncoding: null }
      t.same(await bucket.readRange(key, 0, 65_535), read)
    })

    await t.test(`a ${method} with a declared hash takes the bytes that have it`, async (t) => {
      const request = await grant(stagingKey(newId()), picture, { sha256: sha256(picture) })
      t.ok((await send(request, picture)).ok)
    })

    await t.test(`nothing but a staging key is ever granted by ${method}`, async (t) => {
      const keys = [
        newObjectKey(),
        '',
        'staging/',
        `staging/${newId()}/../x`,
        `staging/${newId()}\n`,
        `staging/$\{filename}`,
        `/${stagingKey(newId())}`
      ]
      for (const key of keys) await t.rejects(grant(key, picture), /staging key/, key)
    })
  }

  await t.test('a POST is used again until it expires: the last bytes win', async (t) => {
    const key = stagingKey(newId())
    const request = await methods.POST(key, picture)
    await send(request, picture)
    await send(request, other)
    t.same((await bucket.readRange(key, 0, 399))?.bytes, other)
  })

  await t.test('a PUT is used once: the first bytes stay', async (t) => {
    const key = stagingKey(newId())
    const request = await methods.PUT(key, picture)
    await send(request, picture)
    t.equal((await send(request, other)).status, 412)
    t.same((await bucket.readRange(key, 0, 399))?.bytes, picture)
  })

  await t.test('ranges: the head, the tail, more than there is, beyond the end', async (t) => {
    const key = stagingKey(newId())
    await put(key, large)
    const range = async (first: number, last: number) => bucket.readRange(key, first, last)
    t.ok((await range(0, 65_535))?.bytes.equals(large.subarray(0, 65_536)))
    t.ok((await range(234_464, 299_999))?.bytes.equals(large.subarray(-65_536)))
    t.match(await range(299_990, 400_000), { bytes: large.subarray(-10), sizeBytes: 300_000 })
    t.match(await range(300_000, 300_001), { bytes: Buffer.alloc(0), sizeBytes: 0 })
    t.equal(await bucket.readRange(stagingKey(newId()), 0, 9), null)
  })

  await t.test('promoting copies the bytes and none of the metadata', async (t) => {
    const [from, to] = [stagingKey(newId()), newObjectKey()]
    await put(from, large, {
      ContentType: 'text/html',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment',
      Metadata: { owner: 'eve' }
    })
    const { contentEncoding, etag } = (await bucket.head(from))!
    t.equal(contentEncoding, 'gzip')

    t.ok(await bucket.promote(from, to, { contentType: 'image/png', etag }))

    t.equal(await bucket.hash(to, large.length), sha256(large))
    t.match(await bucket.head(to), {
      sizeBytes: 300_000,
      contentType: 'image/png',
      contentEncoding: null
    })
    for (const size of [large.length - 1, large.length + 1]) {
      await t.rejects(bucket.hash(to, size), { code: 'STORAGE_UNAVAILABLE' })
    }
  })

  await t.test('promoting what is absent says so', async (t) => {
    const options = { contentType: 'image/png', etag: '"0"' }
    t.notOk(await bucket.promote(stagingKey(newId()), newObjectKey(), options))
  })

  await t.test('a signed URL serves the bytes as a picture, and no other object', async (t) => {
    const [key, other] = [newObjectKey(), newObjectKey()]
    await put(key, picture, { ContentType: 'text/html' })
    await put(other, large)
    const now = new Date()
    const { url } = await bucket.presignGet({ key, contentType: 'image/png', seconds: 60, now })
    const reply = await fetch(url)
    t.equal(reply.headers.get('content-type'), 'image/png')
    t.equal(reply.headers.get('content-disposition'), 'inline; filename="avatar"')
    t.notOk(reply.headers.get('x-amz-meta-owner'))
    t.same(await download(url), picture)
    t.equal((await fetch(url.replace(key, other))).status, 403)
    t.equal((await fetch(url.replace('image%2Fpng', 'text%2Fhtml'))).status, 403)
    t.equal((await fetch(url.split('?')[0]!)).status, 403)
  })

  await t.test('listing goes on after any key, in the order of bytes', async (t) => {
    const keys = ['+ %2F', 'B', 'a', 'aa-b', 'aa/b', 'ä', '\u{10000}'].map(
      (name) => `staging/list-${name}`
    )
    for (const key of keys) await put(key, picture)
    const listed = await bucket.list('staging/list-', '')
    t.same(
      listed.objects.map(({ key }) => key),
      keys
    )
    t.equal(listed.more, false)
    const rest = await bucket.list('staging/list-', keys[2]!)
    t.equal(rest.objects.length, 4)
    const [{ storedAt } = { storedAt: new Date(0) }] = listed.objects
    t.ok(Math.abs(storedAt.getTime() - Date.now()) < 900_000, 'and says when each was stored')
    t.same(await bucket.list('staging/none-', ''), { objects: [], more: false })
  })

  await t.test('deleting: all that is named, also what is not there', async (t) => {
    const names = ['a b', '<&>', 'ä', '+', "'", newId()]
    const keys = names.map((name) => `staging/delete-${name}`)
    for (const key of keys.slice(1)) await put(key, picture)
    const { deleted, refused } = await bucket.delete(keys)
    t.same(deleted.sort(), [...keys].sort())
    t.same(refused, {})
    t.same((await bucket.list('staging/delete-', '')).objects, [])
    const many = Array.from({ length: 1000 }, () => newObjectKey())
    t.equal((await bucket.delete(many)).deleted.length, 1000)
  })

  await t.test('a bucket carries a label', async (t) => {
    t.equal(await bucket.readLabel(), null)
    await bucket.writeLabel('one')
    await bucket.writeLabel('another')
    t.equal(await bucket.readLabel(), 'another')
  })

  await t.test('a signed URL dies when it says', async (t) => {
    const key = newObjectKey()
    await put(key, picture)
    const facts = { key, contentType: 'image/png', seconds: 60 }
    const past = await bucket.presignGet({ ...facts, now: new Date(Date.now() - 120_000) })
    t.ok(past.expiresAt < new Date())
    t.equal((await fetch(past.url)).status, 403)
  })
}
