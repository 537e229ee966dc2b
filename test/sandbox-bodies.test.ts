// Bodies: chunked signatures and trailers, checksums, early refusals, connections that live on.

import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'

import t from 'tap'

import type { Deps } from '../src/dev/sandbox/deps.ts'
import type { Sandbox } from '../src/dev/sandbox/server.ts'
import { signerOf } from '../src/dev/sandbox/signer.ts'
import { BUCKET, sendRaw, sendSigned, signed, startTestSandbox } from './support/sandbox.ts'

const path = `/${BUCKET}/a`
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

function crc32Of(text: string): string {
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(text))
  return digest.toString('base64')
}

t.test('aws-chunked bodies', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const attempt = (body: string, decoded = '5') => {
    const headers = {
      'x-amz-decoded-content-length': decoded,
      'content-encoding': 'gzip, aws-chunked',
      'x-amz-trailer': 'x-amz-checksum-crc32'
    }
    const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    return sendSigned(sandbox, { method: 'PUT', path, body, headers }, { payload })
  }
  const trailer = (value: string) => `x-amz-checksum-crc32:${value}\r\n`

  t.test('are unwrapped, and their trailers compared', async (t) => {
    const body = `2\r\nhe\r\n3\r\nllo\r\n0\r\n${trailer(crc32Of('hello'))}\r\n`
    t.equal((await attempt(body)).status, 200)
    const object = await sandbox.door.get(BUCKET, 'a')
    t.equal(object?.body.toString(), 'hello')
    t.equal(object?.headers['content-encoding'], 'gzip')
    t.equal(object?.checksums['x-amz-checksum-crc32'], crc32Of('hello'))
    sandbox.door.delete(BUCKET, 'a')
  })

  t.test('are refused when they are not what they say', async (t) => {
    const wrong: [string, string, string?][] = [
      ['BadDigest', `5\r\nhello\r\n0\r\n${trailer(crc32Of('other'))}\r\n`],
      ['InvalidRequest', `5\r\nhello\r\n0\r\n${trailer('x')}\r\n`],
      ['InvalidRequest', `5\r\nhello\r\n0\r\nx-amz-checksum-sha1:x\r\n\r\n`],
      ['NotImplemented', `5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:x\r\n\r\n`],
      ['InvalidRequest', `5\r\nhello\r\n0\r\nnonsense\r\n\r\n`],
      ['InvalidRequest', `5\r\nhelloXX0\r\n\r\n`],
      ['InvalidRequest', `x\r\nhello\r\n0\r\n\r\n`],
      ['InvalidRequest', 'x'.repeat(10_000)],
      ['IncompleteBody', `5\r\nhello\r\n`],
      ['IncompleteBody', `5\r\nhel`],
      ['IncompleteBody', `5\r\nhello\r\n0\r\n\r\n`, '4'],
      ['IncompleteBody', `5\r\nhello\r\n0\r\n\r\n`, '6'],
      ['InvalidArgument', `5\r\nhello\r\n0\r\n\r\n`, 'five']
    ]
    for (const [code, body, decoded] of wrong) t.match(await attempt(body, decoded), { code }, body)
    t.same(sandbox.door.list(BUCKET), [])
  })
})

t.test('chunks signed one by one', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  t.equal((await sendChunks(sandbox, ['hello', ' world'])).status, 200)
  t.equal((await sandbox.door.get(BUCKET, 'a'))?.body.toString(), 'hello world')
  t.equal((await sendChunks(sandbox, ['hello', ' world'], { trailers: true })).status, 200)
  sandbox.door.delete(BUCKET, 'a')
  for (const tamper of [
    (body: string) => body.replace('world', 'w0rld'),
    (body: string) => body.replace(/chunk-signature=./, 'chunk-signature=g'),
    (body: string) => body.replace(/;chunk-signature=\w+/, ''),
    (body: string) => body.replace(/(trailer-signature:)./, '$1g')
  ]) {
    const answer = await sendChunks(sandbox, ['hello', ' world'], { trailers: true, tamper })
    t.match(answer, { status: 403, code: 'SignatureDoesNotMatch' }, `${tamper}`)
  }
  t.same(sandbox.door.list(BUCKET), [])
})

interface ChunkOptions {
  trailers?: boolean
  tamper?: (body: string) => string
}

async function sendChunks(
  sandbox: Sandbox,
  chunks: string[],
  { trailers, tamper = (body) => body }: ChunkOptions = {}
) {
  const at = new Date()
  const headers: Record<string, string> = {
    'x-amz-decoded-content-length': String(Buffer.byteLength(chunks.join(''))),
    ...(trailers ? { 'x-amz-trailer': 'x-amz-checksum-sha256' } : {})
  }
  const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailers ? '-TRAILER' : ''}`
  const request = await signed(sandbox, { method: 'PUT', path, headers }, { at, payload })
  const date = request.headers['x-amz-date']!
  let previous = request.headers.authorization!.split('Signature=')[1]!
  const sign = async (kind: string, hashes: string[]) => {
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
    const lines = [`AWS4-HMAC-SHA256-${kind}`, date, scope, previous, ...hashes]
    previous = await signerOf(sandbox as unknown as Deps).sign(lines.join('\n'), {
      signingDate: at
    })
    return previous
  }
  let body = ''
  for (const chunk of [...chunks, '']) {
    const signature = await sign('PAYLOAD', [sha256(''), sha256(chunk)])
    body += `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${chunk}`
    if (chunk) body += '\r\n'
  }
  if (trailers) {
    const digest = createHash('sha256').update(chunks.join('')).digest('base64')
    const line = `x-amz-checksum-sha256:${digest}`
    body += `${line}\r\n`
    body += `x-amz-trailer-signature:${await sign('TRAILER', [sha256(`${line}\n`)])}\r\n`
  }
  return sendRaw(sandbox, { ...request, body: tamper(`${body}\r\n`) })
}

t.test('checksums in headers are compared', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const attempt = (headers: Record<string, string>) =>
    sendSigned(sandbox, { method: 'PUT', path, body: 'hello', headers })
  const digest = (name: string, of: string) => createHash(name).update(of).digest('base64')
  t.match(await attempt({ 'content-md5': digest('md5', 'other') }), { code: 'BadDigest' })
  t.match(await attempt({ 'content-md5': 'x' }), { code: 'InvalidDigest' })
  for (const name of ['sha256', 'sha1']) {
    const wrong = { [`x-amz-checksum-${name}`]: digest(name, 'other') }
    t.match(await attempt(wrong), { status: 400, code: 'BadDigest' })
  }
  t.match(await attempt({ 'x-amz-checksum-crc32': crc32Of('other') }), { code: 'BadDigest' })
  t.match(await attempt({ 'x-amz-checksum-crc32': '' }), { code: 'InvalidRequest' })
  t.same(sandbox.door.list(BUCKET), [])
  const right = {
    'content-md5': digest('md5', 'hello'),
    'x-amz-checksum-sha256': digest('sha256', 'hello'),
    'x-amz-checksum-crc32': crc32Of('hello')
  }
  const answer = await attempt(right)
  t.equal(answer.status, 200)
  t.equal(answer.headers['x-amz-checksum-crc32'], crc32Of('hello'))
})

t.test('a body without a length is refused', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const headers = { 'transfer-encoding': 'chunked' }
  const answer = await sendSigned(sandbox, { method: 'PUT', path, body: 'hello', headers })
  t.match(answer, { status: 411, code: 'MissingContentLength' })
})

t.test('a client that waits for 100 Continue is told at once when it need not send', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const attempt = async (tampered: Record<string, string>) => {
    const { headers } = await signed(sandbox, { method: 'PUT', path })
    const sent = { ...headers, ...tampered, expect: '100-continue', 'content-length': '5' }
    const seen: string[] = []
    return new Promise<string[]>((resolve, reject) => {
      const outgoing = request(`${sandbox.endpoint}${path}`, { method: 'PUT', headers: sent })
      outgoing.on('continue', () => {
        seen.push('continue')
        outgoing.end('hello')
      })
      outgoing.on('response', (response) => {
        seen.push(`${response.statusCode}`, `${response.headers.connection}`)
        response.resume()
        outgoing.destroy()
        resolve(seen)
      })
      outgoing.on('error', reject)
      outgoing.flushHeaders()
    })
  }
  t.same(await attempt({}), ['continue', '200', 'keep-alive'])
  t.same(await attempt({ 'x-amz-date': '20200101T000000Z' }), ['400', 'close'])
})

t.test('a connection outlives refused bodies', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const sockets = new Set<unknown>()
  const attempt = async (headers: Record<string, string>, body: Buffer, method = 'PUT') => {
    const options = { method, agent, headers }
    const target = `${sandbox.endpoint}${method === 'PUT' ? path : `/${BUCKET}`}`
    return new Promise<number>((resolve, reject) => {
      const outgoing = request(target, options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!))
      })
      outgoing.on('socket', (socket) => sockets.add(socket)).on('error', reject)
      outgoing.end(body)
    })
  }
  const body = Buffer.alloc(3_000_000)
  const { headers } = await signed(sandbox, { method: 'PUT', path }, { payload: sha256(body) })
  t.equal(await attempt({}, body), 403, 'before a byte was read')
  const other = await signed(sandbox, { method: 'PUT', path }, { payload: sha256('') })
  t.equal(await attempt(other.headers, body), 400, 'after all of it')
  const chunked = await signed(
    sandbox,
    { method: 'PUT', path, headers: { 'x-amz-decoded-content-length': '3000000' } },
    { payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }
  )
  t.equal(await attempt(chunked.headers, body), 400, 'at its beginning')
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'),
    body
  ])
  const type = { 'content-type': 'multipart/form-data; boundary=b' }
  t.equal(await attempt(type, form, 'POST'), 403, 'within a form')
  t.equal(await attempt(headers, body), 200)
  const tooLarge = await signed(sandbox, { method: 'PUT', path })
  t.equal(await attempt({ ...tooLarge.headers }, Buffer.alloc(65 * 1024 * 1024)), 400)
  t.equal(sockets.size, 1)
})

t.test('a connection whose refused body does not end is closed', async (t) => {
  const { sandbox } = await startTestSandbox(t)
  const socket = connect(sandbox.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(`PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n`)
  const piece = Buffer.alloc(1024 * 1024)
  const pump = () => {
    while (!socket.destroyed && socket.write(piece)) {}
  }
  socket.on('drain', pump)
  pump()
  t.match(await text(socket).catch(() => 'AccessDenied'), /AccessDenied/)
  await closed
})
