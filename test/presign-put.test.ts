// What a presigned PUT says: what was declared, all of it signed as headers, and nothing more.

import { createHash } from 'node:crypto'

import t, { type Test } from 'tap'

import { newId, stagingKey } from '../src/keys.ts'
import { openBucket } from '../src/s3/bucket.ts'
import type { GrantFacts } from '../src/s3/grant.ts'
import { storeOf } from '../src/stores.ts'

const sha256 = createHash('sha256').update('a picture').digest()
const hex = sha256.toString('hex')

const IN_EVERY_URL = [
  'X-Amz-Algorithm',
  'X-Amz-Content-Sha256',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'x-id'
]

const type = { 'content-type': 'image/webp' }
const once = { 'if-none-match': '*' }
const checksum = { 'x-amz-checksum-sha256': sha256.toString('base64') }

const cases = {
  aws: { plain: { ...type, ...once }, hashed: { ...type, ...once, ...checksum } },
  r2: { plain: { ...type, ...once }, hashed: { ...type, ...once, ...checksum } },
  ceph: { plain: { ...type, ...once }, hashed: { ...type, ...once } },
  b2: { plain: type, hashed: type }
}

for (const [store, { plain, hashed }] of Object.entries(cases)) {
  t.test(`on ${store} a PUT signs its headers, with a hash and without`, async (t) => {
    for (const [declared, headers] of [
      [null, plain],
      [hex, hashed]
    ] as const) {
      const { request, query } = await presign(t, store, { sha256: declared })
      t.strictSame(request.headers, headers, 'which the client sends')
      t.strictSame(request.fields, {})
      t.equal(request.method, 'PUT')
      const signed = ['content-length', 'host', ...Object.keys(headers)].sort()
      t.equal(query.get('X-Amz-SignedHeaders'), signed.join(';'))
      t.strictSame([...query.keys()].sort(), IN_EVERY_URL, 'none of them is moved into the query')
      t.equal(query.get('X-Amz-Content-Sha256'), 'UNSIGNED-PAYLOAD')
      t.equal(query.get('X-Amz-Expires'), '77')
      t.notMatch(request.url, /crc|sdk-checksum/i, 'no checksum that nobody asked for')
    }
  })
}

t.test('its host is the one that clients will see', async (t) => {
  const { request } = await presign(t, 'aws', {})
  const { origin, pathname } = new URL(request.url)
  t.equal(origin, 'https://pictures.example')
  t.match(pathname, /^\/my\.bucket\/staging\/[0-9a-f]{32}$/)
})

t.test('with temporary credentials it carries their token', async (t) => {
  const { query } = await presign(t, 'aws', {}, 'of a role')
  t.equal(query.get('X-Amz-Security-Token'), 'of a role')
})

async function presign(
  t: Test,
  store: string,
  more: Partial<GrantFacts>,
  sessionToken: string | undefined = undefined
) {
  const bucket = openBucket({
    bucket: 'my.bucket',
    endpoint: 'http://127.0.0.1:1',
    publicEndpoint: 'https://pictures.example',
    pathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken },
    deadlineMs: 1000,
    store: storeOf(store)!,
    method: 'PUT'
  })
  t.teardown(bucket.close)
  const key = stagingKey(newId())
  const facts = { key, contentType: 'image/webp', sizeBytes: 9, sha256: null, seconds: 77 }
  const { request } = await bucket.grant({ ...facts, ...more })
  return { request, query: new URL(request.url).searchParams }
}
