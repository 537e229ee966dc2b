// Told to misbehave, the sandbox does exactly that, and behaves again when told to.

import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import t, { type Test } from 'tap'

import type { Lie } from '../src/dev/sandbox/lies.ts'
import type { Sandbox } from '../src/dev/sandbox/server.ts'
import { formOf, sendForm } from './support/attacks-form.ts'
import { BUCKET, sendRaw, sendSigned, signed, startTestSandbox } from './support/sandbox.ts'

const Bucket = BUCKET
const get = { Bucket, Key: 'a' }
const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${BUCKET}/a` })

async function startWithObject(t: Test) {
  const started = await startTestSandbox(t)
  await started.sandbox.door.put(BUCKET, 'a', '0123456789')
  return started
}

t.test('a verb fails so many times, and on the keys that were meant', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  await sandbox.door.put(BUCKET, 'other', 'x')
  const error = { code: 'SlowDown', message: 'not now' }
  sandbox.misbehave.fail({ verb: 'HeadObject', key: 'a', bucket: BUCKET, times: 2 }, error)
  sandbox.misbehave.fail({ verb: 'GetObject', key: /^oth/ }, { code: 'Odd', status: 418 })
  await s3.send(new HeadObjectCommand({ Bucket, Key: 'other' }))
  for (const _ of [1, 2]) {
    await t.rejects(s3.send(new HeadObjectCommand(get)), { name: 'Unknown' })
  }
  await s3.send(new HeadObjectCommand(get))
  await t.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'other' })), {
    name: 'Odd',
    $metadata: { httpStatusCode: 418 }
  })
  await s3.send(new GetObjectCommand(get))
  sandbox.misbehave.clear()
  await s3.send(new GetObjectCommand({ Bucket, Key: 'other' }))
})

t.test('an answer is lost although the verb was carried out', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  const performed = true
  const undo = sandbox.misbehave.fail('CopyObject', { code: 'InternalError', performed })
  await t.rejects(s3.send(copy), { name: 'InternalError' })
  t.same(sandbox.door.list(BUCKET), ['a', 'b'])
  undo()
  sandbox.door.delete(BUCKET, 'b')
  sandbox.misbehave.reset({ verb: 'CopyObject', times: 1 }, { performed })
  await t.rejects(s3.send(copy), { code: 'ECONNRESET' })
  t.same(sandbox.door.list(BUCKET), ['a', 'b'])
  sandbox.misbehave.fail('GetObject', { code: 'InternalError', performed })
  await t.rejects(s3.send(new GetObjectCommand(get)), { name: 'InternalError' })
})

t.test('a connection is reset before an answer, or within it', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.reset({ verb: 'GetObject', times: 1 })
  await t.rejects(s3.send(new GetObjectCommand(get)), { code: 'ECONNRESET' })
  t.equal(sandbox.requests.at(-1)?.status, 0)
  sandbox.misbehave.reset({ verb: 'GetObject', times: 1 }, { afterBytes: 4 })
  const { Body, ContentLength } = await s3.send(new GetObjectCommand(get))
  t.equal(ContentLength, 10)
  await t.rejects(Body!.transformToString())
})

t.test('an answer never comes', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.hang({ verb: 'HeadObject', times: 1 })
  const controller = new AbortController()
  const sending = s3.send(new HeadObjectCommand(get), { abortSignal: controller.signal })
  while (sandbox.requests.length === 0) await new Promise(setImmediate)
  t.match(sandbox.requests, [{ verb: 'HeadObject', key: 'a', status: 0 }])
  controller.abort()
  await t.rejects(sending, { name: 'AbortError' })
  sandbox.misbehave.hang('HeadObject')
  const hanging = s3.send(new HeadObjectCommand(get))
  hanging.catch(() => {})
  while (sandbox.requests.length === 1) await new Promise(setImmediate)
  await sandbox.close()
  await t.rejects(hanging, 'closing ends it')
})

t.test('an answer comes later', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.delay('HeadObject', 30)
  const order: string[] = []
  await Promise.all([
    s3.send(new HeadObjectCommand(get)).then(() => order.push('head')),
    s3.send(new GetObjectCommand(get)).then(() => order.push('get'))
  ])
  t.same(order, ['get', 'head'])
})

t.test('a body drips', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.drip('GetObject', 3, 1)
  const { Body } = await s3.send(new GetObjectCommand(get))
  t.equal(await Body!.transformToString(), '0123456789')
})

t.test('a copy answers 200 and is none', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  const undo = sandbox.misbehave.errorIn200('CopyObject')
  await t.rejects(s3.send(copy), { name: 'InternalError' })
  t.same(sandbox.door.list(BUCKET), ['a'], 'nothing was copied')
  undo()
  const undoEmpty = sandbox.misbehave.emptyBody('CopyObject')
  await t.rejects(s3.send(copy))
  undoEmpty()
  sandbox.misbehave.withoutEtag('CopyObject')
  const { CopyObjectResult } = await s3.send(copy)
  t.equal(CopyObjectResult?.ETag, undefined, 'which the client takes for a success')
  t.ok(CopyObjectResult?.LastModified)
})

t.test('a header without its ETag, a body that is left out', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.withoutEtag('*')
  t.equal((await s3.send(new HeadObjectCommand(get))).ETag, undefined)
  const got = await s3.send(new GetObjectCommand(get))
  t.equal(await got.Body!.transformToString(), '0123456789')
  sandbox.misbehave.emptyBody('GetObject')
  t.equal(await (await s3.send(new GetObjectCommand(get))).Body!.transformToString(), '')
})

t.test('a range is ignored, or the body has no end', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  const undo = sandbox.misbehave.lie('range')
  const Range = 'bytes=0-1'
  const whole = await s3.send(new GetObjectCommand({ ...get, Range }))
  t.match(whole, { $metadata: { httpStatusCode: 200 }, ContentRange: undefined })
  t.equal(await whole.Body!.transformToString(), '0123456789')
  undo()
  sandbox.misbehave.endlessBody()
  const controller = new AbortController()
  const url = await getSignedUrl(s3, new GetObjectCommand(get))
  const answer = await fetch(url, { headers: { range: Range }, signal: controller.signal })
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-length'), null)
  let bytes = 0
  for await (const chunk of answer.body!) {
    bytes += chunk.length
    if (bytes > 10_000_000) break
  }
  t.ok(bytes > 10_000_000)
})

t.test('an object is swapped between two calls', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  const { door, misbehave } = sandbox
  misbehave.before({ verb: 'CopyObject', times: 1 }, () => door.put(BUCKET, 'a', 'swapped').then())
  t.equal((await s3.send(new HeadObjectCommand(get))).ContentLength, 10)
  await s3.send(copy)
  t.equal((await door.get(BUCKET, 'b'))?.body.toString(), 'swapped')
  misbehave.after({ verb: 'CopyObject', key: 'b' }, () => door.put(BUCKET, 'b', 'again').then())
  await s3.send(copy)
  t.equal((await door.get(BUCKET, 'b'))?.body.toString(), 'again')
  misbehave.before('GetObject', () => {
    throw new Error('a mistake in a hook')
  })
  await t.rejects(s3.send(new GetObjectCommand(get)), { message: /mistake in a hook/ })
})

t.test('deleting fails for some keys within a 200', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  await sandbox.door.put(BUCKET, 'b', 'x')
  const undo = sandbox.misbehave.refuseDeleting('a')
  sandbox.misbehave.refuseDeleting(/^c/, 'AccessDenied')
  const Delete = { Objects: ['a', 'b', 'c'].map((Key) => ({ Key })) }
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))
  t.same(Deleted, [{ Key: 'b' }])
  t.match(Errors, [
    { Key: 'a', Code: 'InternalError', Message: String },
    { Key: 'c', Code: 'AccessDenied', Message: 'Access Denied' }
  ])
  t.same(sandbox.door.list(BUCKET), ['a'])
  const asked = { Bucket, Delete: { ...Delete, Quiet: true } }
  const quiet = await s3.send(new DeleteObjectsCommand(asked))
  t.match(quiet, { Deleted: undefined, Errors }, 'what failed is never kept quiet')
  undo()
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))
  t.same(sandbox.door.list(BUCKET), [])
})

t.test('what is missing is forbidden, without the permission to list', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.forbidMissing()
  const missing = { Bucket, Key: 'missing' }
  await t.rejects(s3.send(new HeadObjectCommand(missing)), { name: 'Unknown' })
  await t.rejects(s3.send(new GetObjectCommand(missing)), { name: 'AccessDenied' })
  await s3.send(new HeadObjectCommand(get))
})

t.test('a store without POST policies answers 501', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.fail('PostObject', { code: 'NotImplemented' })
  t.match(await probes['the control'](sandbox, s3), { status: 501, code: 'NotImplemented' })
})

t.test('each lie is about one thing only', async (t) => {
  const named: Lie[] = Object.keys(lieTable) as Lie[]
  for (const lie of named) {
    await t.test(`“${lie}” lets through ${lieTable[lie]!.join(', ')}`, async (t) => {
      const { s3, sandbox } = await startWithObject(t)
      const undo = sandbox.misbehave.lie(lie)
      const passed: string[] = []
      for (const [name, probe] of Object.entries(probes)) {
        const { status } = await probe(sandbox, s3)
        if (status < 400) passed.push(name)
      }
      t.same(passed, ['the control', ...lieTable[lie]!])
      undo()
      t.ok((await probes['another type'](sandbox, s3)).status >= 400)
    })
  }
  t.test('the lying store lets everything through', async (t) => {
    const { s3, sandbox } = await startWithObject(t)
    const undo = sandbox.misbehave.lieAboutEverything()
    for (const [name, probe] of Object.entries(probes)) {
      t.ok((await probe(sandbox, s3)).status < 400, name)
    }
    undo()
    t.ok((await probes['another key'](sandbox, s3)).status >= 400)
  })
})

const SHA256_OF_1234 = 'A6xnQhbz4Vx2HuGl4lXwZ5U2I8iziLRFnhP5eNfIRvQ='

type Probe = (sandbox: Sandbox, s3: S3Client) => Promise<{ status: number; code?: string }>

// One thing wrong in each, so that a probe tells which check is missing.
const probes = {
  'the control': post({}),
  'another key': post({ key: 'else' }),
  'another type': post({ 'Content-Type': 'text/html' }),
  'another status': post({ success_action_status: '201' }),
  'a field too many': post({ 'x-amz-storage-class': 'GLACIER', acl: 'public-read' }),
  'a byte too many': post({}, { file: '12345' }),
  'other bytes': post({}, { file: '4321', checksum: SHA256_OF_1234 }),
  'an expired policy': post({}, { expires: -1 }),
  'a forged policy': post({ 'X-Amz-Signature': 'x' }),
  'a PUT of another type': put({ type: 'text/html' }),
  'a PUT of another length': put({ body: '12345' }),
  'a PUT with a forged signature': put({ signature: 'x' }),
  'a PUT with a header too many': put({ headers: { 'x-amz-acl': 'public-read' } }),
  'an expired PUT': put({ at: -3_600_000 }),
  'a second PUT': async (sandbox, s3) => {
    const command = new PutObjectCommand({ ...get, Body: 'x', IfNoneMatch: '*' })
    return statusOf(s3.send(command), sandbox)
  },
  'a PUT of other bytes': async (sandbox) => {
    const headers = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }
    return sendSigned(sandbox, { method: 'PUT', path: `/${BUCKET}/m`, body: 'x', headers })
  },
  'a copy on a condition': async (sandbox, s3) => {
    const input = { Bucket, Key: 'c', CopySource: `${BUCKET}/a`, CopySourceIfMatch: '"x"' }
    return statusOf(s3.send(new CopyObjectCommand(input)), sandbox)
  },
  'a GET on a condition': async (sandbox, s3) =>
    statusOf(s3.send(new GetObjectCommand({ ...get, IfMatch: '"x"' })), sandbox),
  'a range outside': async (sandbox, s3) =>
    statusOf(s3.send(new GetObjectCommand({ ...get, Range: 'bytes=99-' })), sandbox),
  'anonymous reading': async (sandbox) =>
    sendRaw(sandbox, { method: 'GET', path: `/${BUCKET}/a`, headers: {} })
} satisfies Record<string, Probe>

const lieTable: { [lie in Lie]?: (keyof typeof probes)[] } = {
  signature: [
    'a forged policy',
    'a PUT of another type',
    'a PUT of another length',
    'a PUT with a forged signature',
    'an expired PUT',
    'anonymous reading'
  ],
  'url-expiry': ['an expired PUT'],
  'unsigned-headers': ['a PUT with a header too many'],
  'put-content-type': ['a PUT of another type'],
  'put-content-length': ['a PUT of another length'],
  'put-if-none-match': ['a second PUT'],
  'policy-signature': ['a forged policy'],
  'policy-expiry': ['an expired policy'],
  'policy-key': ['another key'],
  'policy-content-type': ['another type'],
  'policy-length': ['a byte too many'],
  'policy-other': ['another status'],
  'policy-coverage': ['a field too many'],
  checksum: ['other bytes', 'a PUT of other bytes'],
  'copy-conditions': ['a copy on a condition'],
  'get-conditions': ['a GET on a condition'],
  range: ['a range outside'],
  'copy-metadata': [],
  'response-overrides': []
}

function post(
  fields: Record<string, string>,
  { file = '1234', expires = 60, checksum = '' } = {}
): Probe {
  return async (_sandbox, s3) => {
    const Fields = {
      'Content-Type': 'image/png',
      success_action_status: '200',
      ...(checksum ? { 'x-amz-checksum-sha256': checksum } : {})
    }
    const Conditions = [['content-length-range', 4, 4] as ['content-length-range', number, number]]
    const grant = await createPresignedPost(s3, {
      ...{ Bucket, Key: 'posted', Fields, Conditions, Expires: expires }
    })
    return sendForm(formOf(grant.url, { ...grant.fields, ...fields }, Buffer.from(file)))
  }
}

interface PutChange {
  body?: string
  type?: string
  headers?: Record<string, string>
  signature?: string
  at?: number
}

function put({ body = '1234', type = 'image/png', headers, signature, at = 0 }: PutChange): Probe {
  return async (sandbox, s3) => {
    const command = new PutObjectCommand({
      ...{ Bucket, Key: 'put', ContentType: 'image/png', ContentLength: 4 }
    })
    const url = await getSignedUrl(s3, command, {
      expiresIn: 60,
      signableHeaders: new Set(['content-type']),
      signingDate: new Date(Date.now() + at)
    })
    const { pathname, search, host } = new URL(url)
    const forged = signature ? search.replace(/(X-Amz-Signature=)\w+/, `$1${signature}`) : search
    const sent = { host, 'content-type': type, 'content-length': String(body.length), ...headers }
    return sendRaw(sandbox, { method: 'PUT', path: pathname + forged, headers: sent, body })
  }
}

async function statusOf(sending: Promise<unknown>, sandbox: Sandbox) {
  await sending.catch(() => {})
  return { status: sandbox.requests.at(-1)!.status }
}

t.test('the lying store keeps what nobody signed, and hands it out', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.lieAboutEverything()
  await probes['a field too many'](sandbox, s3)
  t.match((await sandbox.door.get(BUCKET, 'posted'))?.headers, { 'x-amz-storage-class': 'GLACIER' })
  const anonymous = await sendRaw(sandbox, { method: 'PUT', path: `/${BUCKET}/x`, headers: {} })
  t.equal(anonymous.status, 200)
  const request = await signed(sandbox, { method: 'GET', path: `/${BUCKET}/a` })
  t.equal((await sendRaw(sandbox, { ...request, path: `${request.path}?x=1` })).status, 200)
})

t.test('a copy keeps the metadata it should replace, a read the headers it should', async (t) => {
  const { s3, sandbox } = await startWithObject(t)
  sandbox.misbehave.lie('copy-metadata', 'response-overrides')
  const replace = { MetadataDirective: 'REPLACE' as const, ContentType: 'image/png' }
  await s3.send(new CopyObjectCommand({ ...copy.input, ...replace }))
  const { ContentType } = await s3.send(
    new GetObjectCommand({ Bucket, Key: 'b', ResponseContentType: 'image/png' })
  )
  t.equal(ContentType, 'binary/octet-stream')
})
