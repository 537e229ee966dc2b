// What must hold for any key and any tampering, not only for those somebody thought of.

import assert from 'node:assert/strict'

import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import fc from 'fast-check'
import t from 'tap'

import { KeyIndex } from '../src/dev/sandbox/key-index.ts'
import { formOf, sendForm } from './support/attacks-form.ts'
import { BUCKET, sendRaw, signed, startTestSandbox } from './support/sandbox.ts'
import { temporaryFolder } from './support/sandbox-process.ts'
import { FUZZ } from './support/thorough.ts'

const Bucket = BUCKET

const awkward = fc.constantFrom(
  '/',
  '.',
  '..',
  '//',
  ' ',
  '+',
  '%',
  '%2F',
  '?',
  '#',
  '&',
  '<',
  "'",
  'ü',
  '😀',
  '\\',
  '\t',
  '$'
)
const key = fc
  .oneof(
    fc.array(fc.oneof(awkward, fc.string()), { minLength: 1, maxLength: 8 }).map((a) => a.join('')),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
  )
  .filter((key) => key.isWellFormed() && key.length > 0 && Buffer.byteLength(key) <= 1024)

for (const place of ['memory', 'disk']) {
  t.test(`any key makes the round trip, in ${place}`, async (t) => {
    const folder = place === 'disk' ? temporaryFolder(t) : undefined
    const { s3, sandbox } = await startTestSandbox(t, { folder })
    await fc.assert(
      fc.asyncProperty(key, key, fc.uint8Array({ maxLength: 100 }), async (Key, other, bytes) => {
        fc.pre(Key !== other)
        const Body = Buffer.from(bytes)
        await s3.send(new PutObjectCommand({ Bucket, Key, Body }))
        const got = await s3.send(new GetObjectCommand({ Bucket, Key }))
        t.ok(Body.equals(await got.Body!.transformToByteArray()))
        const CopySource = encodeURIComponent(`${BUCKET}/${Key}`)
        await s3.send(new CopyObjectCommand({ Bucket, Key: other, CopySource }))
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key: other }))
        t.equal(head.ContentLength, Body.length)
        const page = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }))
        const listed = page.Contents!.map(({ Key }) => decodeURIComponent(Key!))
        t.same(listed, [Key, other].sort(byBytes))
        const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }))
        const { status } = await fetchRaw(sandbox.endpoint, url)
        t.equal(status, 200)
        const Objects = [{ Key }, { Key: other }]
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
        t.same(sandbox.door.list(BUCKET), [])
      }),
      { numRuns: 20 }
    )
  })
}

t.test('the index of keys is a sorted list, whatever is set and deleted', (t) => {
  // Few keys meet again, and blocks of four split and empty all the time.
  const some = fc.oneof(fc.nat(60).map(String), awkward, key)
  const keys = fc.array(some, { minLength: 5, maxLength: 20 })
  const step = fc.record({ deletes: fc.boolean(), keys, after: some, prefix: some })
  const steps = fc.array(step, { minLength: 2, maxLength: 8 })
  const holds = (steps: Step[]) => {
    const index = new KeyIndex<string>(4)
    const model = new Set<string>()
    for (const { deletes, keys, after, prefix } of steps) {
      for (const key of keys) {
        if (deletes) index.delete(key)
        else index.set(key, key)
        model[deletes ? 'delete' : 'add'](key)
      }
      const sorted = [...model].sort(byBytes)
      const later = sorted.filter((key) => byBytes(key, after) > 0)
      assert.deepEqual([...index.after(after)], later)
      const wanted = later.filter((key) => key.startsWith(prefix))
      assert.deepEqual([...index.after(after, prefix)], wanted)
      assert.equal(index.size, model.size)
    }
    const passed = [...model].sort(byBytes)
    for (const key of index.after('')) {
      assert.equal(key, passed.shift())
      index.delete(key)
    }
    assert.deepEqual([passed, index.size, [...index.after('')]], [[], 0, []])
  }
  t.doesNotThrow(() => fc.assert(fc.property(steps, holds), { numRuns: 100 * FUZZ }))
  t.end()
})

interface Step {
  deletes: boolean
  keys: string[]
  after: string
  prefix: string
}

t.test('a signed request with any one byte changed is refused', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const headers = { 'content-type': 'image/png', 'x-amz-meta-a': 'b' }
  const path = `/${BUCKET}/some/key?x-id=PutObject&y=z`
  const request = await signed(sandbox, { method: 'PUT', path, headers })
  const places = ['path', ...Object.keys(request.headers)]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.nat(), letter, async (place, at, character) => {
      const was = place === 'path' ? path : request.headers[place]!
      const index = at % was.length
      const now = was.slice(0, index) + character + was.slice(index + 1)
      fc.pre(now !== was)
      const changed = { ...request, headers: { ...request.headers } }
      if (place === 'path') changed.path = now
      else changed.headers[place] = now
      const { status } = await sendRaw(sandbox, changed)
      t.ok(status >= 400 && status < 500, `${place}: ${now}`)
      t.same(sandbox.door.list(BUCKET), [])
    }),
    { numRuns: 50 * FUZZ }
  )
  t.equal((await sendRaw(sandbox, request)).status, 200, 'unchanged it goes through')
})

t.test('a form with any one byte of a field changed is refused', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const grant = await createPresignedPost(s3, {
    ...{ Bucket, Key: 'staging/key', Fields: { 'Content-Type': 'image/png' } },
    Conditions: [['content-length-range', 4, 4]]
  })
  const names = Object.keys(grant.fields)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.nat(), letter, async (name, at, character) => {
      const was = grant.fields[name]!
      const index = at % was.length
      const value = was.slice(0, index) + character + was.slice(index + 1)
      fc.pre(value !== was)
      const form = formOf(grant.url, { ...grant.fields, [name]: value }, Buffer.from('1234'))
      const { status } = await sendForm(form)
      t.ok(status >= 400 && status < 500, `${name}: ${value}`)
      t.same(sandbox.door.list(BUCKET), [])
    }),
    { numRuns: 30 * FUZZ }
  )
  t.equal((await sendForm(formOf(grant.url, grant.fields, Buffer.from('1234')))).status, 204)
})

const letter = fc.constantFrom(...'abcxyzABCXYZ0189-_.~/;=')

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

// Not with fetch: it would resolve the dots in a path.
function fetchRaw(endpoint: string, url: string) {
  const headers = { host: new URL(endpoint).host }
  return sendRaw({ endpoint }, { method: 'GET', path: url.slice(endpoint.length), headers })
}
