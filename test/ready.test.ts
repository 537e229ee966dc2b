// Readiness asks Postgres and S3, seldom and never for long; liveness asks nobody.

import t from 'tap'

import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'

const picture = png(64)
const PATIENT = { DATABASE_DEADLINE_MS: '60000', S3_DEADLINE_MS: '60000' }

t.test('however many ask at once, S3 is asked once, also when it takes its time', async (t) => {
  const { app, sandbox } = await startApp(t)
  const asked = () => sandbox.requests.filter(({ verb }) => verb === 'HeadBucket').length
  const released = Promise.withResolvers<void>()
  sandbox.misbehave.before('HeadBucket', () => released.promise)
  const first = Array.from({ length: 50 }, () => app.inject('/health/ready'))
  await new Promise((done) => setTimeout(done, 1200)) // beyond what an answer is kept
  const second = Array.from({ length: 50 }, () => app.inject('/health/ready'))
  released.resolve()
  const answers = await Promise.all([...first, ...second])
  t.equal(new Set(answers.map(({ body }) => body)).size, 1) // 503 on a machine that is too busy
  t.equal(asked(), 1)
})

t.test('what gives no answer is not ready, long before its deadline', async (t) => {
  const { app, sandbox, databaseUrl, instance } = await startApp(t, PATIENT)
  const proxy = await startProxy(t, databaseUrl)
  const other = await instance({ DATABASE_URL: proxy.url })
  sandbox.misbehave.hang('HeadBucket')
  const detail = 'There was no answer within 2000 ms.'
  const storage = await app.inject('/health/ready')
  t.match(storage.json(), { status: 503, code: 'STORAGE_UNAVAILABLE', detail })
  sandbox.misbehave.clear()
  proxy.silence()
  const database = await other.app.inject('/health/ready')
  t.match(database.json(), { status: 503, code: 'DATABASE_UNAVAILABLE', detail })
  t.equal((await other.app.inject('/health/live')).statusCode, 200)
})

t.test('F33: with no connection left: 503 in time, alive, and ready again by itself', async (t) => {
  const { instance } = await startApp(t)
  const { ada, app, deps } = await instance({ DATABASE_POOL: '2', DATABASE_DEADLINE_MS: '700' })
  const slow = () => deps.db.execute('select pg_sleep(60)').catch(() => 'given up')
  const holding = [slow(), slow(), slow(), slow()]
  const waiting = Promise.allSettled([ada.createUpload(picture), ada.avatar()])
  t.equal((await app.inject('/health/live')).statusCode, 200)
  const away = { status: 503, code: 'DATABASE_UNAVAILABLE' }
  t.match((await app.inject('/health/ready')).json(), away)
  for (const outcome of await waiting) t.match(outcome, { status: 'rejected', reason: away })
  t.same(new Set(await Promise.all(holding)), new Set(['given up']))
  for (let tries = 0; tries < 100; tries++) {
    if ((await app.inject('/health/ready')).statusCode === 200) break
    await new Promise((done) => setTimeout(done, 50))
  }
  await ada.createUpload(picture)
})

t.test('once it drains it is not ready at once, and still does everything', async (t) => {
  const { ada, app } = await startApp(t)
  t.equal((await app.inject('/health/ready')).statusCode, 200, 'which is kept for a second')
  app.drain.begin()
  const told = await app.inject('/health/ready')
  t.match(told.json(), { status: 503, code: 'INSTANCE_CLOSING' })
  t.equal(told.headers.connection, 'close')
  t.equal((await app.inject('/health/live')).statusCode, 200)
  t.match(await ada.confirm(await ada.sent(picture)), { upload: { state: 'confirmed' } })
})
