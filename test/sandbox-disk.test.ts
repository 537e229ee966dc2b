// On disk: what was stored survives a kill and a restart, whole; and large bodies take no memory.

import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import {
  DeleteBucketCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import t from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import { BUCKET, clientOf, startTestSandbox } from './support/sandbox.ts'
import { startSandboxProcess, temporaryFolder } from './support/sandbox-process.ts'

const Bucket = BUCKET
const MiB = 1024 * 1024

const KEYS = ['a', 'A', '..', '../../etc/passwd', 'a//b/', '/', 'ü/\u{1f600}', 'k'.repeat(1024)]

t.test('everything is there again after kill -9', async (t) => {
  const folder = temporaryFolder(t)
  const argv = ['--port', '0', '--bucket', BUCKET, '--folder', folder]
  const first = await startSandboxProcess(t, ...argv)
  const s3 = clientOf(t, first)
  for (const Key of KEYS) {
    const Metadata = { length: String(Key.length) }
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: `of ${Key}`, ContentType: 'image/png', Metadata })
    )
  }
  await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
  const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  const before = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents

  const Body = new Readable({ read() {} })
  Body.push(Buffer.alloc(100_000))
  const half = s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ContentLength: 200_000 }))
  half.catch(() => {})
  const drafts = join(folder, BUCKET, 'drafts')
  while (readdirSync(drafts).length === 0) await new Promise(setImmediate)
  await first.stop('SIGKILL')
  await t.rejects(half, 'an upload was under way')
  Body.destroy()
  t.equal(readdirSync(drafts).length, 1)

  const { s3: again, sandbox } = await startTestSandbox(t, { folder, buckets: [BUCKET] })
  t.same(readdirSync(drafts), [], 'its half was thrown away')
  t.same((await again.send(new ListObjectsV2Command({ Bucket }))).Contents, before)
  for (const Key of KEYS) {
    const got = await again.send(new GetObjectCommand({ Bucket, Key }))
    t.equal(await got.Body!.transformToString(), `of ${Key}`)
    t.match(got, { ContentType: 'image/png', Metadata: { length: String(Key.length) } })
  }
  t.same((await again.send(new GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules)
  t.same((await sandbox.door.get(BUCKET, 'empty'))?.sizeBytes, 0)
})

t.test('files that are not objects are passed over', async (t) => {
  const folder = temporaryFolder(t)
  const first = await startSandbox({ folder, buckets: [BUCKET] })
  await first.door.put(BUCKET, 'a', 'x')
  await first.close()
  const objects = join(folder, BUCKET, 'objects')
  const [name] = readdirSync(objects)
  writeFileSync(join(objects, 'empty'), '')
  writeFileSync(join(objects, 'text'), 'something that is no object at all')
  writeFileSync(join(objects, 'marked'), `{"sizeBytes":99}\0\0\0\x10dsb1`)
  writeFileSync(join(objects, 'broken'), 'x\0\0\0\x01dsb1')
  writeFileSync(join(folder, 'a-file'), '')
  const second = await startSandbox({ folder })
  t.teardown(() => second.close())
  t.same(second.door.list(BUCKET), ['a'])
  second.door.delete(BUCKET, 'a')
  t.notOk(existsSync(join(objects, name!)))
})

t.test('on disk readers, writers, copies and buckets do as in memory', async (t) => {
  const folder = temporaryFolder(t)
  const { s3, sandbox } = await startTestSandbox(t, { folder })
  await sandbox.door.put(BUCKET, 'a', 'old'.repeat(1_000_000))
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))
  await sandbox.door.put(BUCKET, 'a', 'new')
  t.equal(await Body!.transformToString(), 'old'.repeat(1_000_000))
  sandbox.misbehave.after('GetObject', () => sandbox.door.delete(BUCKET, 'a'))
  const deleted = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))
  t.equal(await deleted.Body!.transformToString(), 'new', 'deleted just before it is sent')
  sandbox.misbehave.clear()
  await sandbox.door.put(BUCKET, 'a', 'new')
  const ranged = await s3.send(new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=1-1' }))
  t.equal(await ranged.Body!.transformToString(), 'e')
  const wrong = { Bucket, Key: 'a', Body: 'x', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }
  await t.rejects(s3.send(new PutObjectCommand(wrong)), { name: 'BadDigest' })
  t.same(readdirSync(join(folder, BUCKET, 'drafts')), [])
  sandbox.door.delete(BUCKET, 'a')
  sandbox.door.createBucket('another')
  t.ok(existsSync(join(folder, 'another', 'bucket.json')))
  await t.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })), { name: 'NotFound' })
  const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  await s3.send(new DeleteBucketCommand({ Bucket: 'another' }))
  t.notOk(existsSync(join(folder, 'another')))
})

const measurable = existsSync('/proc/self/status')

t.test(
  'a large object takes no memory, by PUT, by POST or on its way back',
  { skip: !measurable },
  async (t) => {
    const folder = temporaryFolder(t)
    const server = await startSandboxProcess(
      t,
      '--port',
      '0',
      '--bucket',
      BUCKET,
      '--folder',
      folder
    )
    const s3 = clientOf(t, server)
    await s3.send(new PutObjectCommand({ Bucket, Key: 'first', Body: 'x' }))
    const before = server.peakMemoryMiB()
    const put = new PutObjectCommand({ Bucket, Key: 'big', ContentLength: 320 * MiB })
    t.equal(await sendZeros(await getSignedUrl(s3, put), 'PUT', {}, 320), 200)
    const afterPut = server.peakMemoryMiB()
    t.comment(`peak memory: ${before} MiB before, ${afterPut} MiB after`)
    t.ok(afterPut - before < 100, 'PUT')

    const { url, fields } = await createPresignedPost(s3, { Bucket, Key: 'posted' })
    const part = (name: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`
    const head = Object.entries(fields).map(([name, value]) => `${part(name)}${value}\r\n`)
    const around: [string, string] = [`${head.join('')}${part('file')}`, '\r\n--b--\r\n']
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    t.equal(await sendZeros(url, 'POST', headers, 64, around), 204)
    const got = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'posted' })))
    let bytes = 0
    for await (const chunk of got.body!) bytes += chunk.length
    t.equal(bytes, 64 * MiB)
    t.ok(server.peakMemoryMiB() - before < 100, 'POST and GET')
  }
)

async function sendZeros(
  url: string,
  method: string,
  headers: Record<string, string>,
  mebibytes: number,
  [head, tail]: [string, string] = ['', '']
): Promise<number | undefined> {
  const length = head.length + mebibytes * MiB + tail.length
  const outgoing = request(url, { method, headers: { ...headers, 'content-length': length } })
  const answered = new Promise<number | undefined>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (response) => resolve(response.resume().statusCode))
  })
  const piece = Buffer.alloc(MiB)
  await pipeline(function* () {
    yield head
    for (let i = 0; i < mebibytes; i += 1) yield piece
    yield tail
  }, outgoing)
  return answered
}
