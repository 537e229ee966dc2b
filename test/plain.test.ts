// Calls without the SDK: whatever is no plain answer is left to it, and a copy to nobody.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

import t, { type Test } from 'tap'

import { newObjectKey, stagingKey } from '../src/keys.ts'
import { openBucket } from '../src/s3/bucket.ts'
import { openClients } from '../src/s3/client.ts'
import { storeOf } from '../src/stores.ts'
import { padded, png } from './support/pictures.ts'
import { BUCKET, startTestSandbox } from './support/sandbox.ts'
import { send } from './support/send.ts'

const picture = padded(png(64), 400)
const away = { code: 'STORAGE_UNAVAILABLE' }

const NOBODY = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: undefined }

function settings({ endpoint }: { endpoint: string }, credentials = NOBODY) {
  return {
    bucket: BUCKET,
    endpoint,
    publicEndpoint: endpoint,
    pathStyle: true,
    region: 'us-east-1',
    store: storeOf('sandbox')!,
    method: 'POST' as const,
    credentials,
    deadlineMs: 5000
  }
}

async function start(t: Test, options: Parameters<typeof startTestSandbox>[1] = {}) {
  const { sandbox } = await startTestSandbox(t, options)
  const { credentials } = sandbox
  const bucket = openBucket(settings(sandbox, { ...credentials, sessionToken: undefined }))
  t.teardown(bucket.close)
  const id = '0'.repeat(32)
  const key = stagingKey(id)
  const verbs = () => sandbox.requests.splice(0).map(({ verb }) => verb)
  async function sent() {
    const facts = { key, contentType: 'image/png', sizeBytes: picture.length, sha256: null }
    const { request } = await bucket.presignPost({ ...facts, seconds: 60 })
    await send(request, picture)
    verbs()
    return key
  }
  return { sandbox, bucket, sent, verbs }
}

t.test('what goes well is asked once', async (t) => {
  const { bucket, sent, verbs } = await start(t)
  const key = await sent()
  const staged = await bucket.head(key)
  t.match(staged, { sizeBytes: 400, contentType: 'image/png', contentEncoding: null })
  const to = newObjectKey()
  t.equal(await bucket.promote(key, to, { contentType: 'image/png', etag: staged!.etag }), true)
  t.same((await bucket.readRange(to, 0, 999))?.bytes, picture)
  t.same(verbs(), ['HeadObject', 'CopyObject', 'GetObject'])
})

t.test('what is absent is asked for once, too', async (t) => {
  const { bucket, verbs } = await start(t)
  const [from, to] = [stagingKey('1'.repeat(32)), newObjectKey()]
  t.equal(await bucket.head(from), null)
  t.equal(await bucket.readRange(from, 0, 9), null)
  t.equal(await bucket.promote(from, to, { contentType: 'image/png', etag: '"x"' }), false)
  t.same(verbs(), ['HeadObject', 'GetObject', 'CopyObject'])
})

t.test('a store that fails once, in any way, is asked again; a copy is not', async (t) => {
  const { bucket, sandbox, sent, verbs } = await start(t)
  const key = await sent()
  const { misbehave } = sandbox
  const one = (verb: 'HeadObject' | 'GetObject' | 'CopyObject') => ({ verb, times: 1 })
  const faults = {
    busy: (verb: 'HeadObject') => misbehave.fail(one(verb), { status: 503, code: 'SlowDown' }),
    forbidden: (verb: 'HeadObject') =>
      misbehave.fail(one(verb), { status: 403, code: 'AccessDenied' }),
    reset: (verb: 'HeadObject') => misbehave.reset(one(verb))
  }
  for (const [name, fault] of Object.entries(faults)) {
    fault('HeadObject')
    t.equal((await bucket.head(key))?.sizeBytes, 400, name)
    fault('GetObject' as 'HeadObject')
    const read = bucket.readRange(key, 0, 9)
    t.equal((await read)?.bytes.length, 10, name)
    misbehave.clear()
    verbs()
    fault('CopyObject' as 'HeadObject')
    const options = { contentType: 'image/png', etag: '"x"' }
    await t.rejects(bucket.promote(key, newObjectKey(), options), away, name)
    t.same(verbs(), ['CopyObject'], name)
    misbehave.clear()
  }
})

t.test(
  'a clock that is off is found out by the SDK, and a copy then has the right time',
  async (t) => {
    const hour = 3_600_000
    const { bucket, sandbox } = await start(t, { now: () => new Date(Date.now() - hour) })
    const key = stagingKey('2'.repeat(32))
    // A grant of ours would count as one of the future: the object comes from somebody on time.
    sandbox.door.put(BUCKET, key, picture, { contentType: 'image/png' })
    const staged = await bucket.head(key)
    t.equal(staged?.sizeBytes, 400)
    const options = { contentType: 'image/png', etag: staged!.etag }
    t.equal(await bucket.promote(key, newObjectKey(), options), true)
  }
)

t.test('without credentials it fails, and nothing else does', async (t) => {
  const { sandbox } = await start(t)
  const unhandled: unknown[] = []
  const note = (err: unknown) => unhandled.push(err)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const { plain, signer, close } = openClients(settings(sandbox))
  t.teardown(close)
  signer.config.credentials = async () => {
    throw new Error('there are none')
  }
  const abortSignal = AbortSignal.timeout(1000)
  const asked = { method: 'HEAD' as const, key: 'a', headers: {}, most: 0, abortSignal }
  await t.rejects(plain.send({ name: BUCKET, deadlineMs: 1000 }, asked), /there are none/)
  await new Promise((done) => setTimeout(done, 20))
  t.same(unhandled, [])
})

t.test('nobody waits for what is no answer, or takes more of one than is welcome', async (t) => {
  const head = (status: string, length: number) =>
    `HTTP/1.1 ${status}\r\ncontent-range: bytes 0-9/10\r\ncontent-length: ${length}\r\n\r\n`
  const answers = {
    'it changes the protocol':
      'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    'it has far more bytes': `${head('206 Partial Content', 50_000_000)}${'x'.repeat(1_000_000)}`,
    'it ends too early': `${head('206 Partial Content', 10)}123`
  }
  for (const [name, answer] of Object.entries(answers)) {
    const agents: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (bytes) => {
        agents.push(/user-agent: (\S+)/i.exec(`${bytes}`)?.[1] ?? 'none')
        if (name === 'it ends too early') socket.end(answer)
        else socket.write(answer)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { plain, close } = openClients(settings({ endpoint }))
    t.teardown(close)
    const late = AbortSignal.timeout(5000)
    const asked = { method: 'GET' as const, key: 'a', headers: {}, most: 1000, abortSignal: late }
    await t.rejects(plain.send({ name: BUCKET, deadlineMs: 5000 }, asked), name)
    t.notOk(late.aborted, `${name}: at once`)
    t.same(agents, ['directo'], name)
  }
})

t.test('a copy is known by its ETag, whatever namespace that is written with', async (t) => {
  const etag =
    '<CopyObjectResult><ETag xmlns="http://s3.example/doc/">abc</ETag></CopyObjectResult>'
  const error =
    '<Error><Code xmlns="http://s3.example/doc/">SlowDown</Code><ETag>abc</ETag></Error>'
  for (const body of [etag, error]) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const bucket = openBucket(settings({ endpoint }))
    t.teardown(bucket.close)
    const options = { contentType: 'image/png', etag: '"x"' }
    const copied = bucket.promote(stagingKey('3'.repeat(32)), newObjectKey(), options)
    if (body === etag) t.equal(await copied, true)
    else await t.rejects(copied, away)
  }
})

t.test('a store that is reached by TLS is spoken to in TLS', async (t) => {
  const heard: number[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      heard.push(bytes[0]!)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { plain, close } = openClients(settings({ endpoint }))
  t.teardown(close)
  const s3 = { name: BUCKET, deadlineMs: 1000 }
  const abortSignal = AbortSignal.timeout(1000)
  const asked = { method: 'HEAD' as const, key: 'a', headers: {}, most: 0, abortSignal }
  await t.rejects(plain.send(s3, asked))
  t.same(heard, [22], 'a handshake')
})
