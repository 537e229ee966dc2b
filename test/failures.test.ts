// When S3 or Postgres fail: a clear answer, nothing lost, and the next try succeeds.

import { createHash } from 'node:crypto'

import t from 'tap'

import { buildApp } from '../src/app.ts'
import { openBucket } from '../src/s3/bucket.ts'
import { BUCKET, startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)
const large = padded(png(64), 200_000)
const away = { status: 503, code: 'STORAGE_UNAVAILABLE' }

const faults = {
  'the store is busy': (s) => s.fail('*', { status: 503, code: 'SlowDown' }),
  'the store refuses us': (s) => s.fail('*', { status: 403, code: 'AccessDenied' }),
  'a missing object is a 403': (s) => s.fail('HeadObject', { status: 403, code: 'AccessDenied' }),
  'HEAD names no ETag': (s) => s.withoutEtag('HeadObject'),
  'the store is silent at HEAD': (s) => s.hang('HeadObject'),
  'the store is silent at COPY': (s) => s.hang('CopyObject'),
  'the store copies, but its answer is lost': (s) => s.hang('CopyObject', { performed: true }),
  'the store is silent at GET': (s) => s.hang('GetObject'),
  'the connection breaks at COPY': (s) => s.reset('CopyObject'),
  'the connection breaks within the bytes': (s) => s.reset('GetObject', { afterBytes: 1000 }),
  'COPY is 200 with an error': (s) => s.errorIn200('CopyObject'),
  'COPY is 200 with nothing': (s) => s.emptyBody('CopyObject'),
  'COPY is 200 without an ETag': (s) => s.withoutEtag('CopyObject'),
  'GET never ends': (s) => s.endlessBody(),
  'GET drips': (s) => s.drip('GetObject', 10, 50),
  'ranges are ignored': (s) => s.lie('range'),
  'the copy is gone when it is verified': (s) => s.fail('GetObject', { code: 'NoSuchKey' })
} satisfies Record<string, (s: Misbehave) => unknown>
type Misbehave = Awaited<ReturnType<typeof startApp>>['sandbox']['misbehave']

t.test('F27: S3 fails: 503, nothing new is live, and a later confirm succeeds', async (t) => {
  const { user, sandbox, sql } = await startApp(t, { S3_DEADLINE_MS: '400' })
  for (const [index, [name, misbehave]] of Object.entries(faults).entries()) {
    await t.test(name, async (t) => {
      const somebody = user(`user-${index}`)
      const before = await somebody.upload(picture)
      const upload = await somebody.sent(large)
      misbehave(sandbox.misbehave)

      const refused = await somebody.confirm(upload).catch((err) => err)

      t.match(refused, { status: 503, code: /^(STORAGE_UNAVAILABLE|CONFIRM_INTERRUPTED)$/ })
      t.match(await somebody.read(upload), { state: 'open' })
      t.equal((await somebody.avatar()).url, before.avatar.url, 'the old avatar stays')
      const live = await sql`select 1 from objects where live and user_id = ${`user-${index}`}`
      t.equal(live.length, 1)

      sandbox.misbehave.clear()
      const { avatar } = await somebody.confirm(upload)
      t.ok(large.equals(await download(avatar.url)))
    })
  }
})

t.test('a single read that finds nothing is no verdict', async (t) => {
  const { ada, sandbox } = await startApp(t)
  const sha256 = createHash('sha256').update(large).digest('hex')
  const upload = await ada.sent(large, { sha256 })
  const missing = { code: 'NoSuchKey' }
  const failNext = () => sandbox.misbehave.fail({ verb: 'GetObject', times: 1 }, missing)
  for (const passed of [0, 1, 2]) {
    let seen = 0
    if (passed === 0) failNext()
    sandbox.misbehave.before('GetObject', () => void (++seen === passed && failNext()))
    await t.rejects(ada.confirm(upload), { status: 503, code: 'CONFIRM_INTERRUPTED' })
    t.match(await ada.read(upload), { state: 'open' })
    sandbox.misbehave.clear()
  }
  t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })
})

t.test('connections that have gone silent are given up, and new ones work', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const settings = { DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300', DATABASE_POOL: '1' }
  const { ada } = await instance(settings)
  await ada.createUpload(picture)
  proxy.silenceOpenConnections()
  const gone = { status: 503, code: 'DATABASE_UNAVAILABLE' }
  await Promise.all([1, 2, 3].map(() => t.rejects(ada.avatar(), gone)))
  for (let tries = 0; tries < 20; tries++) {
    if (await ada.createUpload(picture).catch(() => null)) return t.pass('without a restart')
  }
  t.fail('the pool stays dead')
})

t.test('silent connections are given up by transactions too', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const settings = { DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300', DATABASE_POOL: '2' }
  const { ada } = await instance(settings)
  await Promise.all([1, 2, 3, 4].map(() => ada.createUpload(picture)))
  proxy.silenceOpenConnections()
  await Promise.all([1, 2].map(() => t.rejects(ada.removeAvatar())))
  for (let tries = 0; tries < 20; tries++) {
    if (await ada.createUpload(picture).catch(() => null)) return t.pass('without a restart')
  }
  t.fail('the pool stays dead')
})

t.test('connections that come up too late are not lost to the pool', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const settings = { DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300', DATABASE_POOL: '2' }
  const { ada } = await instance(settings)
  proxy.delayConnections(500)
  await Promise.all(
    [1, 2].map(() => t.rejects(ada.createUpload(picture), { status: 503 } as object as Error))
  )
  proxy.delayConnections(0)
  for (let tries = 0; tries < 20; tries++) {
    if (await ada.createUpload(picture).catch(() => null)) return t.pass('without a restart')
  }
  t.fail('the pool stays dead')
})

t.test('F35: a statement that is only slow costs nobody their connection', async (t) => {
  const { instance } = await startApp(t)
  const { deps } = await instance({ DATABASE_DEADLINE_MS: '300', DATABASE_POOL: '1' })
  const pid = () => deps.db.execute('select pg_backend_pid() as pid').then(([row]) => row!.pid)
  const before = await pid()
  await t.rejects(deps.db.execute('select pg_sleep(60)'))
  await new Promise((done) => setTimeout(done, 1800)) // beyond the time a silent one is given
  t.equal(await pid(), before)
})

t.test('T64: what S3 quotes of our requests does not reach the log', async (t) => {
  const { app, deps, sandbox } = await startApp(t)
  const canary = 'canary-in-a-session-token'
  const config = structuredClone(deps.config)
  config.s3.credentials = { accessKeyId: 'sandbox', secretAccessKey: canary, sessionToken: canary }
  const bucket = openBucket(config.s3)
  t.teardown(bucket.close)
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const logging = await buildApp({ ...deps, bucket }, { level: 'trace', stream })
  t.teardown(() => logging.close())
  sandbox.misbehave.fail('*', { code: 'SignatureDoesNotMatch', message: 'do not match' })
  const reply = await logging.inject('/health/ready')
  t.equal(reply.statusCode, 503)
  t.match(lines.join(''), 'STORAGE_UNAVAILABLE')
  t.notMatch(lines.join('') + reply.body, canary)
  t.ok(app)
})

t.test('what was sent vanishes before it is copied: send again, confirm again', async (t) => {
  const { ada, sandbox } = await startApp(t)
  const upload = await ada.sent(picture)
  sandbox.misbehave.before({ verb: 'CopyObject', times: 1 }, () =>
    sandbox.door.delete(BUCKET, `staging/${upload.id}`)
  )
  await t.rejects(ada.confirm(upload), { status: 409, code: 'OBJECT_CHANGED' })
  await t.rejects(ada.confirm(upload), { status: 409, code: 'OBJECT_MISSING' })
  await ada.send(upload, picture)
  await ada.confirm(upload)
})

t.test('a busy store is tried again within one confirm', async (t) => {
  const { ada, sandbox } = await startApp(t)
  const upload = await ada.sent(picture)
  for (const verb of ['HeadObject', 'CopyObject', 'GetObject'] as const) {
    sandbox.misbehave.fail({ verb, times: 1 }, { status: 503, code: 'SlowDown' })
  }
  t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })
})

t.test('without S3 uploads are still created, and what is settled is still answered', async (t) => {
  const { ada, app, sandbox } = await startApp(t, { S3_DEADLINE_MS: '400' })
  const upload = await ada.sent(picture)
  const first = await ada.confirm(upload)
  sandbox.misbehave.hang('*')
  await ada.createUpload(picture)
  t.same(await ada.confirm(upload), first)
  t.equal((await ada.avatar()).url, first.avatar.url)
  t.equal((await app.inject('/health/live')).statusCode, 200)
  t.match((await app.inject('/health/ready')).json(), away)
})

t.test('a bucket that does not exist makes the service unready', async (t) => {
  const { app } = await startApp(t, { S3_BUCKET: 'another-bucket' })
  t.match((await app.inject('/health/ready')).json(), away)
})

t.test('a commit whose answer is lost: 503, and the next confirm gives the answer', async (t) => {
  const { databaseUrl, sandbox, instance, sql } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const { ada } = await instance({ DATABASE_URL: proxy.url })
  const upload = await ada.sent(picture)

  proxy.loseAnswerTo('commit_upload')
  await t.rejects(ada.confirm(upload), { status: 503, code: 'DATABASE_UNAVAILABLE' })

  t.equal((await sql`select 1 from objects where live`).length, 1, 'it was committed')
  t.equal(sandbox.door.list(BUCKET, 'avatars/').length, 1, 'and nothing was deleted')
  const { avatar } = await ada.confirm(upload)
  t.same(await download(avatar.url), picture)
  t.equal(sandbox.door.list(BUCKET, 'avatars/').length, 1)
})

t.test('a commit that never arrives: 503, and the next confirm commits', async (t) => {
  const { databaseUrl, instance, sql } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const { ada } = await instance({ DATABASE_URL: proxy.url })
  const upload = await ada.sent(picture)

  proxy.lose('commit_upload')
  await t.rejects(ada.confirm(upload), { status: 503, code: 'DATABASE_UNAVAILABLE' })

  t.same(await sql`select 1 from objects where live`, [])
  t.same(await download((await ada.confirm(upload)).avatar.url), picture)
})

t.test('F31: without Postgres every call says so, and works again when it is back', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const { ada, app } = await instance({ DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300' })
  const upload = await ada.sent(picture)
  const calls = [
    () => ada.createUpload(picture),
    () => ada.read(upload),
    () => ada.confirm(upload),
    () => ada.abort(upload),
    () => ada.avatar(),
    () => ada.removeAvatar()
  ]

  for (const fail of [proxy.refuse, proxy.silence]) {
    fail()
    for (const call of calls) {
      await t.rejects(call(), { status: 503, code: 'DATABASE_UNAVAILABLE' })
    }
    const reply = await app.inject('/health/ready')
    t.match(reply, { statusCode: 503, headers: { 'retry-after': '2' } })
    t.equal((await app.inject('/health/live')).statusCode, 200)
    proxy.recover()
  }
  await ada.confirm(upload)
  t.same(await download((await ada.avatar()).url), picture)
})
