// Signatures by header and by query: what was signed goes through, everything else is refused.

import { createHash } from 'node:crypto'

import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import t, { type Test } from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import {
  BUCKET,
  clientOf,
  type RawRequest,
  sendRaw,
  sendSigned,
  signed,
  startTestSandbox
} from './support/sandbox.ts'

const path = `/${BUCKET}/a`
const put = { method: 'PUT', path, body: 'hello' }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const MINUTE_MS = 60_000

t.test('what was signed by header goes through', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  t.match(await sendSigned(sandbox, put), { status: 200, headers: { 'content-length': '0' } })
  t.equal((await sendSigned(sandbox, put, { payload: sha256('hello') })).status, 200)
  const query = await sendSigned(sandbox, { method: 'GET', path: `${path}?x=1%2B1&y=a%20b&z` })
  t.equal(query.body, 'hello')
  const headers = { 'cache-control': 'private', 'content-type': 'a/b', 'x-amz-meta-a': ' a   b ' }
  t.equal((await sendSigned(sandbox, { ...put, headers })).status, 200)
  t.match((await sandbox.door.get(BUCKET, 'a'))?.headers, { 'content-type': 'a/b' })
})

t.test('what was tampered with is refused, and nothing changes', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, 'a', 'old')
  const replace = (from: string | RegExp, to: string) => (request: RawRequest) => {
    const authorization = request.headers.authorization!.replace(from, to)
    request.headers = { ...request.headers, authorization }
  }
  const set = (name: string, value: string) => (request: RawRequest) => {
    request.headers = { ...request.headers, [name]: value }
  }
  const change = (changed: Partial<RawRequest>) => (request: RawRequest) => {
    Object.assign(request, changed)
  }
  const tamperings: [string, number, (request: RawRequest) => void][] = [
    ['SignatureDoesNotMatch', 403, change({ method: 'POST' })],
    ['SignatureDoesNotMatch', 403, change({ path: `${path}b` })],
    ['SignatureDoesNotMatch', 403, change({ path: `${path}?x=1` })],
    ['SignatureDoesNotMatch', 403, set('host', 'elsewhere')],
    ['SignatureDoesNotMatch', 403, set('x-amz-meta-a', '2')],
    ['SignatureDoesNotMatch', 403, set('content-type', 'text/html')],
    ['SignatureDoesNotMatch', 403, set('x-amz-content-sha256', sha256('x'))],
    ['SignatureDoesNotMatch', 403, replace(/Signature=./, 'Signature=f0')],
    ['SignatureDoesNotMatch', 403, replace('content-type;', '')],
    ['AccessDenied', 403, set('x-amz-acl', 'public-read')],
    ['AccessDenied', 403, replace('x-amz-meta-a', 'x-amz-meta-b')],
    ['AccessDenied', 403, replace('host;', '')],
    ['AccessDenied', 403, (request) => delete request.headers.authorization],
    ['AccessDenied', 403, set('x-amz-date', 'yesterday')],
    ['AccessDenied', 403, set('x-amz-date', '20269999T999999Z')],
    ['InvalidAccessKeyId', 403, replace('Credential=sandbox', 'Credential=mallory')],
    ['AuthorizationHeaderMalformed', 400, replace('us-east-1', 'eu-west-1')],
    ['AuthorizationHeaderMalformed', 400, replace('/s3/', '/sqs/')],
    ['AuthorizationHeaderMalformed', 400, replace(/\/20\d{6}\//, '/20200101/')],
    ['AuthorizationHeaderMalformed', 400, replace(/Credential=.*?,/, 'Credential=a/b,')],
    ['AuthorizationHeaderMalformed', 400, replace(/, Signature=.*/, '')],
    ['InvalidRequest', 400, replace('AWS4-HMAC-SHA256', 'AWS')],
    ['InvalidRequest', 400, (request) => delete request.headers['x-amz-content-sha256']],
    ['InvalidArgument', 400, change({ path: `${path}?X-Amz-Algorithm=x` })],
    ['InvalidToken', 400, set('x-amz-security-token', 'x')]
  ]
  const headers = { 'content-type': 'image/png', 'x-amz-meta-a': '1' }
  for (const [code, status, tamper] of tamperings) {
    const request = await signed(sandbox, { ...put, headers })
    tamper(request)
    const answer = await sendRaw(sandbox, request)
    t.match(answer, { status, code })
  }
  t.equal((await sandbox.door.get(BUCKET, 'a'))?.body.toString(), 'old')
})

t.test('the body must be the one that was hashed', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const payload = sha256('other')
  t.match(await sendSigned(sandbox, put, { payload }), { code: 'XAmzContentSHA256Mismatch' })
  t.match(await sendSigned(sandbox, put, { payload: 'nonsense' }), { code: 'InvalidArgument' })
  const streaming = { payload: 'STREAMING-NONSENSE' }
  t.match(await sendSigned(sandbox, put, streaming), { status: 411 })
  const headers = { 'x-amz-decoded-content-length': '5' }
  t.match(await sendSigned(sandbox, { ...put, headers }, streaming), { status: 501 })
  t.same(sandbox.door.list(BUCKET), [])
})

t.test('the clocks may differ by a quarter of an hour', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  for (const [minutes, status] of [
    [14, 200],
    [-14, 200],
    [16, 403],
    [-16, 403]
  ] as const) {
    const at = new Date(Date.now() + minutes * MINUTE_MS)
    const answer = await sendSigned(sandbox, put, { at })
    t.equal(answer.status, status, `${minutes} minutes`)
    if (status === 403) t.equal(answer.code, 'RequestTimeTooSkewed')
  }
})

t.test('a session token is demanded when there is one', async (t) => {
  const sandbox = await startSandbox({ sessionToken: 'token', buckets: [BUCKET] })
  t.teardown(() => sandbox.close())
  const s3 = clientOf(t, sandbox)
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'x' }))
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: BUCKET, Key: 'a' }))
  t.equal((await fetch(url)).status, 200)
  t.match(await sendSigned(sandbox, put), { status: 400, code: 'InvalidToken' })
})

t.test('a path is the same however it was encoded', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  await sandbox.door.put(BUCKET, "it's (a)", 'x')
  const canonical = `/${BUCKET}/it%27s%20%28a%29`
  const request = await signed(sandbox, { method: 'GET', path: canonical })
  const answer = await sendRaw(sandbox, { ...request, path: `/${BUCKET}/it's%20(a)` })
  t.match(answer, { status: 200, body: 'x' })
  const broken = await sendRaw(sandbox, { ...request, path: `/${BUCKET}/%ff` })
  t.match(broken, { status: 400, code: 'InvalidURI' })
  const long = await sendRaw(sandbox, { ...request, path: `/${BUCKET}/${'k'.repeat(1025)}` })
  t.match(long, { status: 400, code: 'KeyTooLongError' })
})

t.test('presigned URLs', async (t) => {
  const clock = { now: new Date() }
  const { sandbox, s3 } = await startTestSandbox(t, { now: () => clock.now })
  t.beforeEach(() => {
    clock.now = new Date()
  })

  t.test('a GET works until it has expired', async (t) => {
    await sandbox.door.put(BUCKET, 'a', 'hello')
    const url = await presignGet(s3, { expiresIn: 60 })
    t.equal(await (await fetch(url)).text(), 'hello')
    clock.now = new Date(clock.now.getTime() + 61_000)
    await refused(t, url, 403, 'AccessDenied', /expired/)
    clock.now = new Date(clock.now.getTime() - 17 * MINUTE_MS)
    await refused(t, url, 403, 'AccessDenied', /not yet valid/)
  })

  t.test('what was changed in it is refused', async (t) => {
    const set = (name: string, value: string) => (url: URL) => url.searchParams.set(name, value)
    const change = (changed: Partial<URL>) => (url: URL) => void Object.assign(url, changed)
    const malformed = 'AuthorizationQueryParametersError'
    const tamperings: [string, number, (url: URL) => void][] = [
      ['SignatureDoesNotMatch', 403, change({ pathname: `${path}b` })],
      ['SignatureDoesNotMatch', 403, set('x', '1')],
      ['SignatureDoesNotMatch', 403, set('X-Amz-Expires', '3600')],
      ['SignatureDoesNotMatch', 403, set('X-Amz-Content-Sha256', sha256(''))],
      ['SignatureDoesNotMatch', 403, set('response-content-type', 'text/html')],
      ['SignatureDoesNotMatch', 403, set('X-Amz-Signature', '0'.repeat(64))],
      ['SignatureDoesNotMatch', 403, set('X-Amz-Signature', '')],
      ['InvalidToken', 400, set('X-Amz-Security-Token', 'x')],
      ['AccessDenied', 403, set('X-Amz-SignedHeaders', '')],
      ['InvalidAccessKeyId', 403, set('X-Amz-Credential', credential('mallory', 'us-east-1'))],
      [malformed, 400, set('X-Amz-Credential', credential('sandbox', 'eu-west-1'))],
      [malformed, 400, set('X-Amz-Credential', 'sandbox')],
      [malformed, 400, set('X-Amz-Expires', '604801')],
      [malformed, 400, set('X-Amz-Expires', '-5')],
      [malformed, 400, set('X-Amz-Date', 'today')],
      [malformed, 400, (url) => url.searchParams.append('X-Amz-Expires', '900')],
      [malformed, 400, (url) => url.searchParams.delete('X-Amz-Date')],
      [malformed, 400, (url) => url.searchParams.delete('X-Amz-Signature')],
      ['InvalidRequest', 400, set('X-Amz-Algorithm', 'AWS4-HMAC-SHA1')],
      ['InvalidRequest', 400, change({ search: '?AWSAccessKeyId=a&Signature=b' })],
      ['AccessDenied', 403, change({ search: '' })]
    ]
    for (const [code, status, tamper] of tamperings) {
      const url = new URL(await presignGet(s3))
      tamper(url)
      await refused(t, url.href, status, code)
    }
  })

  t.test('a PUT is held to its signed length and type', async (t) => {
    const command = new PutObjectCommand({
      ...{ Bucket: BUCKET, Key: 'put', ContentLength: 5, ContentType: 'image/png' }
    })
    const url = await getSignedUrl(s3, command, { signableHeaders: new Set(['content-type']) })
    const attempt = (body: string, type: string, more = {}) =>
      fetch(url, { method: 'PUT', body, headers: { 'content-type': type, ...more } })
    for (const [body, type] of [
      ['12345', 'image/jpeg'],
      ['12345', ''],
      ['1234', 'image/png'],
      ['123456', 'image/png']
    ] as const) {
      t.equal((await attempt(body, type)).status, 403)
    }
    t.equal((await attempt('12345', 'image/png', { 'x-amz-acl': 'public-read' })).status, 403)
    t.equal((await attempt('12345', 'image/png', { 'x-amz-meta-a': '1' })).status, 403)
    t.notOk(sandbox.door.list(BUCKET).includes('put'))
    const encoded = { 'content-encoding': 'gzip' } // S3 lets an ordinary header be added
    t.equal((await attempt('12345', 'image/png', encoded)).status, 200)
    t.match((await sandbox.door.get(BUCKET, 'put'))?.headers, {
      'content-type': 'image/png',
      'content-encoding': 'gzip'
    })
  })

  t.test('a PUT with If-None-Match works once', async (t) => {
    const command = new PutObjectCommand({ Bucket: BUCKET, Key: 'once', IfNoneMatch: '*' })
    const url = await getSignedUrl(s3, command)
    const headers = { 'if-none-match': '*' }
    t.equal((await fetch(url, { method: 'PUT', body: '1', headers })).status, 200)
    await refused(t, new Request(url, { method: 'PUT', body: '2', headers }), 412)
    t.equal((await fetch(url, { method: 'PUT', body: '3' })).status, 403, 'the header is signed')
    t.equal((await sandbox.door.get(BUCKET, 'once'))?.body.toString(), '1')
  })

  t.test('a PUT with a signed checksum takes those bytes only', async (t) => {
    const ChecksumSHA256 = createHash('sha256').update('12345').digest('base64')
    const command = new PutObjectCommand({ Bucket: BUCKET, Key: 'sum', ChecksumSHA256 })
    const header = 'x-amz-checksum-sha256'
    const url = await getSignedUrl(s3, command, { unhoistableHeaders: new Set([header]) })
    const headers = { [header]: ChecksumSHA256 }
    const attempt = (body: string, sent: Record<string, string>) =>
      new Request(url, { method: 'PUT', body, headers: sent })
    await refused(t, attempt('54321', headers), 400, 'BadDigest')
    await refused(t, attempt('12345', {}), 403, 'SignatureDoesNotMatch')
    t.equal((await fetch(attempt('12345', headers))).status, 200)
  })

  t.test(
    'a signed payload hash binds the bytes, and metadata may travel in the query',
    async (t) => {
      const Metadata = { owner: 'ada' }
      const url = await getSignedUrl(
        s3,
        new PutObjectCommand({ Bucket: BUCKET, Key: 'hoisted', Metadata })
      )
      t.match(url, /x-amz-meta-owner=ada/)
      t.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 200)
      t.match((await sandbox.door.get(BUCKET, 'hoisted'))?.headers, { 'x-amz-meta-owner': 'ada' })
    }
  )
})

function presignGet(s3: S3Client, options = {}): Promise<string> {
  return getSignedUrl(s3, new GetObjectCommand({ Bucket: BUCKET, Key: 'a' }), options)
}

function credential(accessKeyId: string, region: string): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  return `${accessKeyId}/${day}/${region}/s3/aws4_request`
}

async function refused(
  t: Test,
  request: string | Request,
  status: number,
  code = '',
  message = /./
) {
  const answer = await fetch(request)
  const body = await answer.text()
  t.equal(answer.status, status)
  t.match(body, `<Code>${code}`)
  t.match(body, message)
}
