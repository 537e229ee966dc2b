// Reading and copying: conditions, ranges, overridden headers, metadata kept or replaced.

import { Readable } from 'node:stream'

import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import t from 'tap'

import type { Call } from '../src/dev/sandbox/call.ts'
import { copyObject } from '../src/dev/sandbox/copy.ts'
import type { Deps } from '../src/dev/sandbox/deps.ts'
import { doorOf } from '../src/dev/sandbox/door.ts'
import type { Bucket as StoredBucket } from '../src/dev/sandbox/store.ts'
import { memoryStore } from '../src/dev/sandbox/store-memory.ts'
import { BUCKET, sendSigned, startTestSandbox } from './support/sandbox.ts'

const Bucket = BUCKET
const PAST = new Date('2020-01-01T00:00:00Z')
const THEN = new Date('2020-01-02T00:00:00Z')
const LATER = new Date('2020-01-03T00:00:00Z')

t.test('reads', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const { etag } = await sandbox.door.put(BUCKET, 'a', '0123456789', { lastModified: THEN })
  await sandbox.door.put(BUCKET, 'empty', '')
  const get = (input: Partial<GetObjectCommandInput>) =>
    s3.send(new GetObjectCommand({ Bucket, Key: 'a', ...input })).then(
      async ({ Body, $metadata, ContentRange }) => {
        const status = $metadata.httpStatusCode
        return { status, body: await Body!.transformToString(), range: ContentRange }
      },
      ({ name, $metadata }) => ({ name, status: $metadata.httpStatusCode })
    )

  t.test('in ranges', async (t) => {
    const whole = { status: 200, body: '0123456789', range: undefined }
    const cases: [string, object][] = [
      ['bytes=0-0', { status: 206, body: '0', range: 'bytes 0-0/10' }],
      ['bytes=2-4', { status: 206, body: '234', range: 'bytes 2-4/10' }],
      ['bytes=7-', { status: 206, body: '789', range: 'bytes 7-9/10' }],
      ['bytes=7-99', { status: 206, body: '789', range: 'bytes 7-9/10' }],
      ['bytes=-3', { status: 206, body: '789', range: 'bytes 7-9/10' }],
      ['bytes=-99', { status: 206, body: '0123456789', range: 'bytes 0-9/10' }],
      ['bytes=10-', { status: 416, name: 'InvalidRange' }],
      ['bytes=-0', { status: 416, name: 'InvalidRange' }],
      ['bytes=4-2', whole],
      ['bytes=0-1,3-4', whole],
      ['lines=0-1', whole],
      ['bytes=-', whole]
    ]
    for (const [Range, expected] of cases) t.same(await get({ Range }), expected, Range)
    t.match(await get({ Key: 'empty', Range: 'bytes=0-' }), { status: 416 })
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a', Range: 'bytes=2-4' }))
    t.match(head, { ContentLength: 3, $metadata: { httpStatusCode: 206 } })
  })

  t.test('on conditions', async (t) => {
    const cases: [Partial<GetObjectCommandInput>, number][] = [
      [{ IfMatch: `"${etag}"` }, 200],
      [{ IfMatch: `"x", "${etag}"` }, 200],
      [{ IfMatch: '*' }, 200],
      [{ IfMatch: '"x"' }, 412],
      [{ IfNoneMatch: `"${etag}"` }, 304],
      [{ IfNoneMatch: '"x"' }, 200],
      [{ IfModifiedSince: PAST }, 200],
      [{ IfModifiedSince: THEN }, 304],
      [{ IfUnmodifiedSince: PAST }, 412],
      [{ IfUnmodifiedSince: LATER }, 200],
      [{ IfMatch: `"${etag}"`, IfUnmodifiedSince: PAST }, 200],
      [{ IfNoneMatch: '"x"', IfModifiedSince: LATER }, 200]
    ]
    for (const [condition, status] of cases) {
      t.match(await get(condition), { status }, JSON.stringify(condition))
    }
    const headers = { 'if-modified-since': 'some day' }
    t.match(await sendSigned(sandbox, { method: 'GET', path: `/${BUCKET}/a`, headers }), {
      status: 200
    })
  })

  t.test('with the headers that the signer chose', async (t) => {
    const overrides = {
      ResponseContentType: 'image/png',
      ResponseContentDisposition: 'attachment; filename="ü.png"',
      ResponseContentEncoding: 'identity',
      ResponseContentLanguage: 'de',
      ResponseCacheControl: 'private',
      ResponseExpires: LATER
    }
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'a', ...overrides }))
    const { headers, status } = await fetch(url)
    t.equal(status, 200)
    t.match(Object.fromEntries(headers), {
      'content-type': 'image/png',
      'content-disposition': Buffer.from('attachment; filename="ü.png"').toString('latin1'),
      'content-encoding': 'identity',
      'content-language': 'de',
      'cache-control': 'private',
      expires: LATER.toUTCString()
    })
    const forged = { ResponseContentType: 'a/b\r\nx-forged: 1' }
    t.match(await get(forged), { status: 400, name: 'InvalidArgument' })
    const anonymous = await fetch(`${sandbox.endpoint}/${BUCKET}/a?response-content-type=a/b`)
    t.equal(anonymous.status, 403)
  })
})

t.test('copies', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const put = { Bucket, Key: 'from/ü +', ContentType: 'image/png', CacheControl: 'private' }
  const { ETag } = await s3.send(
    new PutObjectCommand({ ...put, Body: 'hello', Metadata: { owner: 'ada' } })
  )
  const source = `${BUCKET}/${encodeURIComponent('from/ü +')}`
  const copy = (input: Partial<CopyObjectCommandInput> = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: source, ...input })).then(
      ({ CopyObjectResult }) => CopyObjectResult,
      ({ name }) => name
    )
  t.beforeEach(() => sandbox.door.delete(BUCKET, 'to'))

  t.test('take the metadata along', async (t) => {
    t.match(await copy(), { ETag, LastModified: Date, ChecksumCRC32: String })
    t.match(await copy({ CopySource: `/${source}`, MetadataDirective: 'COPY' }), { ETag })
    const object = await sandbox.door.get(BUCKET, 'to')
    t.equal(object?.body.toString(), 'hello')
    t.same(object?.headers, {
      'content-type': 'image/png',
      'cache-control': 'private',
      'x-amz-meta-owner': 'ada'
    })
  })

  t.test('replace the metadata, all of it', async (t) => {
    const MetadataDirective = 'REPLACE'
    await copy({ MetadataDirective, ContentType: 'a/b', Metadata: { x: 'y' } })
    const replaced = { 'content-type': 'a/b', 'x-amz-meta-x': 'y' }
    t.same((await sandbox.door.get(BUCKET, 'to'))?.headers, replaced)
    await copy({ MetadataDirective })
    const nothing = { 'content-type': 'binary/octet-stream' }
    t.same((await sandbox.door.get(BUCKET, 'to'))?.headers, nothing)
    t.equal(await copy({ MetadataDirective: 'MERGE' as 'COPY' }), 'InvalidArgument')
  })

  t.test('go to another bucket, and to themselves only with new metadata', async (t) => {
    sandbox.door.createBucket('another')
    await s3.send(new CopyObjectCommand({ Bucket: 'another', Key: 'to', CopySource: source }))
    t.same(sandbox.door.list('another'), ['to'])
    t.equal(await copy({ Key: 'from/ü +' }), 'InvalidRequest')
    t.match(await copy({ Key: 'from/ü +', MetadataDirective: 'REPLACE' }), { ETag })
    t.equal((await sandbox.door.get(BUCKET, 'from/ü +'))?.body.toString(), 'hello')
  })

  t.test('depend on the source and the destination', async (t) => {
    const failed = 'PreconditionFailed'
    t.match(await copy({ CopySourceIfMatch: ETag }), { ETag })
    t.equal(await copy({ CopySourceIfMatch: '"x"' }), failed)
    t.equal(await copy({ CopySourceIfNoneMatch: ETag }), failed)
    t.match(await copy({ CopySourceIfNoneMatch: '"x"' }), { ETag })
    t.equal(await copy({ CopySourceIfUnmodifiedSince: PAST }), failed)
    t.match(await copy({ CopySourceIfModifiedSince: PAST }), { ETag })
    t.equal(await copy({ IfNoneMatch: '*' }), failed)
    t.equal(await copy({ IfMatch: '"x"' }), failed)
    t.match(await copy({ IfMatch: ETag }), { ETag })
    t.equal(await copy({ Key: 'nothing', IfMatch: ETag }), 'NoSuchKey')
  })

  t.test('need a source that makes sense', async (t) => {
    t.equal(await copy({ CopySource: 'x' }), 'InvalidArgument')
    t.equal(await copy({ CopySource: '%ff/a' }), 'InvalidArgument')
  })
})

t.test('of many conditional writes at once one wins', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const put = (i: number) =>
    new PutObjectCommand({ Bucket, Key: 'once', Body: `${i}`.repeat(100_000), IfNoneMatch: '*' })
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((i) => s3.send(put(i))))
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const body = (await sandbox.door.get(BUCKET, 'once'))!.body.toString()
  t.equal(new Set(body).size, 1, 'and nothing is mixed')
  const IfMatch = (await s3.send(new HeadObjectCommand({ Bucket, Key: 'once' }))).ETag
  await s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', IfMatch }))
  await t.rejects(s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'y', IfMatch })), {
    name: 'PreconditionFailed'
  })
})

t.test('a condition still has to hold when the last byte has come', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const Body = new Readable({ read() {} })
  const put = { Bucket, Key: 'late', Body, ContentLength: 2, IfNoneMatch: '*' }
  const late = s3.send(new PutObjectCommand(put))
  late.catch(() => {})
  Body.push('1')
  while (sandbox.requests.length === 0) await new Promise(setImmediate)
  await sandbox.door.put(BUCKET, 'late', 'first')
  Body.push('2')
  Body.push(null)
  await t.rejects(late, { name: 'PreconditionFailed' })
  t.equal((await sandbox.door.get(BUCKET, 'late'))?.body.toString(), 'first')
})

t.test('a condition still has to hold when the last byte was copied', async (t) => {
  const store = memoryStore()
  const bucket = store.createBucket(BUCKET, 0)
  const deps = { store, lies: new Set(), now: () => new Date() } as unknown as Deps
  const door = doorOf(deps)
  await door.put(BUCKET, 'a', 'hello')
  const overtaken: StoredBucket = {
    ...bucket,
    draft: async () => {
      await door.put(BUCKET, 'b', 'first')
      return bucket.draft()
    }
  }
  const headers = { 'x-amz-copy-source': `${BUCKET}/a`, 'if-none-match': '*' }
  const call = { key: 'b', headers } as unknown as Call
  await t.rejects(copyObject(deps, call, overtaken), { code: 'PreconditionFailed' })
  t.equal((await door.get(BUCKET, 'b'))?.body.toString(), 'first')
})

t.test('a reader has the old object or the new one', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'old'.repeat(1_000_000))
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))
  await sandbox.door.put(BUCKET, 'a', 'new')
  sandbox.door.delete(BUCKET, 'a')
  t.equal(await Body!.transformToString(), 'old'.repeat(1_000_000))
})

t.test('too much metadata is refused, and headers cannot be forged with it', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const put = (Metadata: Record<string, string>) =>
    s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', Metadata }))
  await put({ a: 'x'.repeat(2047) })
  await t.rejects(put({ a: 'x'.repeat(2048) }), { name: 'MetadataTooLarge' })
  t.same(sandbox.door.list(BUCKET), ['a'])
})
