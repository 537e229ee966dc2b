// The official client finds an S3: every verb, paging, errors by their names, checksums, streams.

import { networkInterfaces } from 'node:os'
import { Readable } from 'node:stream'

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2
} from '@aws-sdk/client-s3'
import t from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import { BUCKET, sendRaw, startTestSandbox } from './support/sandbox.ts'

const Bucket = BUCKET

t.test('what is put is got, with everything said about it', async (t) => {
  const { s3 } = await startTestSandbox(t)
  const expires = new Date('2030-01-02T03:04:05Z')
  const facts = {
    ContentType: 'image/png',
    ContentEncoding: 'gzip',
    ContentDisposition: 'attachment; filename="a.png"',
    ContentLanguage: 'de',
    CacheControl: 'private',
    Metadata: { owner: 'ada', empty: '' }
  }
  const put = await s3.send(
    new PutObjectCommand({ Bucket, Key: 'a', Body: 'hello', Expires: expires, ...facts })
  )
  t.equal(put.ETag, '"5d41402abc4b2a76b9719d911017c592"')

  const { Body, ...got } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))
  t.match(got, { ...facts, ContentLength: 5, ETag: put.ETag, AcceptRanges: 'bytes' })
  t.equal(got.ExpiresString, expires.toUTCString())
  t.equal(await Body!.transformToString(), 'hello')

  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))
  t.match(head, { ...facts, ContentLength: 5, ETag: put.ETag })
  t.ok(Math.abs(head.LastModified!.getTime() - Date.now()) < 60_000)
})

t.test('a type that was not given is binary', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'x')
  t.equal(
    (await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).ContentType,
    'binary/octet-stream'
  )
})

t.test('streams and empty bodies arrive, with the checksums the client adds', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(10_000 + i, i))
  const whole = Buffer.concat(pieces)
  const Body = Readable.from(pieces)
  const put = { Bucket, ContentLength: whole.length }
  await s3.send(new PutObjectCommand({ ...put, Key: 'stream', Body }))
  t.equal(sandbox.requests.at(-1)?.status, 200)
  const stored = await sandbox.door.get(BUCKET, 'stream')
  t.ok(stored?.body.equals(whole))
  t.equal(stored?.headers['content-encoding'], undefined, 'aws-chunked is not the object’s own')
  t.ok(stored?.checksums['x-amz-checksum-crc32'])

  for (const ChecksumAlgorithm of ['SHA256', 'SHA1', 'CRC32'] as const) {
    const Key = ChecksumAlgorithm
    const Body = Readable.from(pieces)
    const answer = await s3.send(new PutObjectCommand({ ...put, Key, Body, ChecksumAlgorithm }))
    t.ok(answer[`Checksum${ChecksumAlgorithm}`])
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }))
    t.equal((await got.Body!.transformToByteArray()).length, whole.length, 'the client compared it')
  }

  await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
  const empty = await s3.send(new GetObjectCommand({ Bucket, Key: 'empty' }))
  t.equal(await empty.Body!.transformToString(), '')
})

t.test('what is missing is named by the client’s own error classes', async (t) => {
  const { s3 } = await startTestSandbox(t)
  const gone = { Bucket, Key: 'gone' }
  await t.rejects(s3.send(new GetObjectCommand(gone)), NoSuchKey)
  await t.rejects(s3.send(new HeadObjectCommand(gone)), NotFound)
  await t.rejects(s3.send(new ListObjectsV2Command({ Bucket: 'nowhere' })), NoSuchBucket)
  await t.rejects(s3.send(new HeadBucketCommand({ Bucket: 'nowhere' })), NotFound)
  await t.rejects(s3.send(new CopyObjectCommand({ ...gone, CopySource: `${BUCKET}/no` })), {
    name: 'NoSuchKey',
    $metadata: { httpStatusCode: 404 }
  })
  await t.rejects(s3.send(new CopyObjectCommand({ ...gone, CopySource: 'nowhere/no' })), {
    name: 'NoSuchBucket'
  })
})

t.test('what the sandbox does not do it says so, never something else', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'x')
  const refusal = { name: 'NotImplemented', $metadata: { httpStatusCode: 501 } }
  await t.rejects(s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' })), refusal)
  const put = { Bucket, Key: 'b', Body: 'x' }
  for (const more of [
    { Tagging: 'a=b' },
    { StorageClass: 'GLACIER' as const },
    { ServerSideEncryption: 'aws:kms' as const },
    { WebsiteRedirectLocation: '/x' },
    { GrantRead: 'id=1' },
    { ObjectLockLegalHoldStatus: 'ON' as const },
    { IfNoneMatch: '"x"' },
    { ChecksumCRC32C: 'AAAAAA==' }
  ]) {
    await t.rejects(s3.send(new PutObjectCommand({ ...put, ...more })), refusal)
  }
  await t.rejects(s3.send(new PutObjectCommand({ ...put, ACL: 'public-read' })), {
    name: 'AccessControlListNotSupported'
  })
  await t.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'x' })), refusal)
  const copy = { Bucket, Key: 'c', CopySource: `${BUCKET}/a?versionId=x` }
  await t.rejects(s3.send(new CopyObjectCommand(copy)), refusal)
  t.same(sandbox.door.list(BUCKET), ['a'])
})

t.test('deleting is idempotent, in ones and in hundreds', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  for (const key of ['a', 'b', 'c&<>"\'']) await sandbox.door.put(BUCKET, key, 'x')
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  const Objects = ['b', 'c&<>"\'', 'never'].map((Key) => ({ Key }))
  const { Deleted, Errors } = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects } })
  )
  t.same(Deleted, Objects)
  t.equal(Errors, undefined)
  t.same(sandbox.door.list(BUCKET), [])
  const quiet = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })
  )
  t.equal(quiet.Deleted, undefined)
  const many = Array.from({ length: 1001 }, (_, i) => ({ Key: `k${i}` }))
  await t.rejects(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: many } })), {
    name: 'MalformedXML'
  })
})

t.test('listing pages through everything in order', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const keys = Array.from({ length: 25 }, (_, i) => `k/${String(i).padStart(2, '0')}`)
  for (const key of keys.toReversed()) await sandbox.door.put(BUCKET, key, key)
  const found: string[] = []
  const pages = paginateListObjectsV2({ client: s3, pageSize: 7 }, { Bucket, Prefix: 'k/' })
  for await (const page of pages) {
    found.push(...page.Contents!.map(({ Key }) => Key!))
  }
  t.same(found, keys)
  const { Contents, KeyCount, IsTruncated } = await s3.send(
    new ListObjectsV2Command({ Bucket, FetchOwner: true })
  )
  t.match({ KeyCount, IsTruncated }, { KeyCount: 25, IsTruncated: false })
  t.match(Contents![0], { Key: 'k/00', Size: 4, StorageClass: 'STANDARD', Owner: { ID: String } })
})

t.test('buckets are made, listed, found and removed when empty', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  await s3.send(new CreateBucketCommand({ Bucket: 'another' }))
  await s3.send(new CreateBucketCommand({ Bucket: 'another' })) // this region forgives
  const { Buckets } = await s3.send(new ListBucketsCommand({}))
  t.same(
    Buckets?.map(({ Name }) => Name),
    ['another', BUCKET]
  )
  t.equal((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion, 'us-east-1')
  t.same((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined)
  t.equal((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined)
  await sandbox.door.put('another', 'a', 'x')
  await t.rejects(s3.send(new DeleteBucketCommand({ Bucket: 'another' })), {
    name: 'BucketNotEmpty'
  })
  sandbox.door.delete('another', 'a')
  await s3.send(new DeleteBucketCommand({ Bucket: 'another' }))
  await t.rejects(s3.send(new HeadBucketCommand({ Bucket: 'another' })), NotFound)
  await t.rejects(sandbox.door.put('another', 'a', 'x'), /no bucket another/)
  for (const name of ['Ab', 'a..b', 'UPPER', '-abc', 'a'.repeat(64)]) {
    await t.rejects(s3.send(new CreateBucketCommand({ Bucket: name })), {
      name: 'InvalidBucketName'
    })
  }
})

t.test('another region holds to its name', async (t) => {
  const { s3 } = await startTestSandbox(t, { region: 'eu-west-1' })
  const location = await s3.send(new GetBucketLocationCommand({ Bucket }))
  t.equal(location.LocationConstraint, 'eu-west-1')
  await t.rejects(s3.send(new CreateBucketCommand({ Bucket })), { name: 'BucketAlreadyOwnedByYou' })
  const elsewhere = { LocationConstraint: 'eu-west-2' as const }
  await t.rejects(
    s3.send(new CreateBucketCommand({ Bucket: 'else', CreateBucketConfiguration: elsewhere })),
    { name: 'IllegalLocationConstraintException' }
  )
  const here = { LocationConstraint: 'eu-west-1' as const }
  await s3.send(new CreateBucketCommand({ Bucket: 'here', CreateBucketConfiguration: here }))
})

t.test('virtual-host addressing works below localhost', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'x')
  const host = `${BUCKET}.localhost:${sandbox.port}`
  const answer = await sendRaw(sandbox, { method: 'GET', path: '/a', headers: { host } })
  t.equal(answer.code, 'AccessDenied')
  t.match(sandbox.requests.at(-1), { verb: 'GetObject', bucket: BUCKET, key: 'a', status: 403 })
})

t.test('a taken port is Node’s own error', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  await t.rejects(startSandbox({ port: sandbox.port }), { code: 'EADDRINUSE' })
})

const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1')

t.test('it listens on IPv6', { skip: !hasIpv6 && 'there is none' }, async (t) => {
  const { sandbox, s3 } = await startTestSandbox(t, { host: '::1' })
  t.match(sandbox.endpoint, /^http:\/\/\[::1\]:\d+$/)
  await s3.send(new ListBucketsCommand({}))
})

t.test('closing twice is fine, and nobody answers afterwards', async (t) => {
  const { sandbox, s3 } = await startTestSandbox(t)
  await s3.send(new ListBucketsCommand({}))
  await sandbox.close()
  await sandbox.close()
  await t.rejects(s3.send(new ListBucketsCommand({})), { code: /ECONN/ })
})

t.test('in memory an object has a limit, said before the bytes are sent', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t, { maxObjectBytes: 10 })
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: Buffer.alloc(10) }))
  await t.rejects(s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: Buffer.alloc(11) })), {
    name: 'EntityTooLarge'
  })
  t.same(sandbox.door.list(BUCKET), ['a'])
})

t.test('an aborted upload stores nothing', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'old')
  const controller = new AbortController()
  const Body = new Readable({ read() {} })
  Body.push(Buffer.alloc(1000))
  const put = new PutObjectCommand({ Bucket, Key: 'a', Body, ContentLength: 2000 })
  const sending = s3.send(put, { abortSignal: controller.signal })
  while (sandbox.requests.length === 0) await new Promise(setImmediate)
  controller.abort()
  await t.rejects(sending, { name: 'AbortError' })
  Body.destroy()
  t.equal((await sandbox.door.get(BUCKET, 'a'))?.body.toString(), 'old')
  t.equal(sandbox.requests[0]?.status, 0, 'it was never answered')
})
