// Metrics: each moves by exactly what happened, and the page comes whatever is away.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { adoptBucket } from '../src/janitor/label.ts'
import { type Log, startJanitor } from '../src/janitor/schedule.ts'
import { BUCKET, startApp, type Upload } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { type Page, readPage, sumOf } from './support/metrics/page.ts'
import { startWithMetrics } from './support/metrics/process.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'

const METRICS_TOKEN = 'a token of thirty-two bytes or more'
const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
const picture = padded(png(64), 400)

async function start(t: Test, environment: Record<string, string> = {}) {
  const app = await startApp(t, { METRICS_TOKEN, ...environment })
  const { advance } = await startClock(t, app.databaseUrl)
  await adoptBucket(app.deps)
  return { ...app, advance, page: () => pageOf(app), delta: () => deltaOf(app) }
}

type App = Awaited<ReturnType<typeof startApp>>

async function pageOf({ app, sql }: Pick<App, 'app' | 'sql'>) {
  await sql`update usage set due_at = '-infinity'`
  const reply = await app.inject({ url: '/metrics', headers })
  if (reply.statusCode !== 200) throw new Error(reply.body)
  return readPage(reply.body)
}

/** What has moved since: counters, how many observations there were, and what the database knows. */
async function deltaOf(app: App) {
  let before = moving(await pageOf(app))
  return async () => {
    const after = moving(await pageOf(app))
    const moved = [...after].filter(([name, value]) => value !== (before.get(name) ?? 0))
    const delta = Object.fromEntries(
      moved.map(([name, value]) => [name, value - (before.get(name) ?? 0)])
    )
    before = after
    return delta
  }
}

const OF_TIME = /_(bucket|sum)$|_seconds$/
const OF_SCRAPES = /"\/metrics"|_usage"/

function moving(page: Page) {
  const samples = [...page.values()].flatMap(({ samples }) => samples)
  const named = samples
    .filter(({ name }) => name.startsWith('directo_') && !OF_TIME.test(name))
    .map(({ name, labels, value }) => {
      const block = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
      const short = name.replace(/^directo_/, '').replace(/_duration_seconds_count$/, 's')
      return [block.length > 0 ? `${short}{${block}}` : short, value] as const
    })
  return new Map(named.filter(([name]) => !OF_SCRAPES.test(name)))
}

const request = (method: string, route: string, status: string) =>
  `http_requests{route="${route}",method="${method}",status="${status}"}`
const s3 = (verb: string, outcome = 'done') => `s3_calls{verb="${verb}",outcome="${outcome}"}`
const database = (operation: string, outcome = 'done') =>
  `database_calls{operation="${operation}",outcome="${outcome}"}`
const phases = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`confirm_phases{phase="${name}"}`, 1]))
const part = (name: string, objects: number, bytes = objects * picture.length) => ({
  [`bucket_objects{part="${name}"}`]: objects,
  [`bucket_bytes{part="${name}"}`]: bytes
})
const problem = (code: string) => `problems_total{code="${code}"}`
const create = request('POST', '/api/uploads', '2xx')
const confirm = (status: string) => request('POST', '/api/uploads/:id/confirm', status)

t.test('each metric moves by what happened, and no other', async (t) => {
  const { ada, bob, admin, app, deps, sandbox, advance, delta: begin } = await start(t)
  const delta = await begin()
  const step = async (name: string, run: () => Promise<unknown>, moved: object) => {
    await run()
    t.same(await delta(), moved, name)
  }
  const first = await ada.createUpload(picture)
  const created = {
    [create]: 1,
    uploads_created_total: 1,
    [database('create_upload')]: 1,
    open_uploads: 1,
    ...part('staged', 1)
  }
  t.same(await delta(), created, 'create')

  await step('confirm without bytes', () => ada.confirm(first).catch(() => {}), {
    [confirm('4xx')]: 1,
    [problem('OBJECT_MISSING')]: 1,
    ...phases('claim'),
    [s3('head', 'absent')]: 1,
    [database('claim_upload')]: 1,
    [database('delete')]: 1
  })
  await step('send, which we never see', () => ada.send(first, picture), {})
  const commits = {
    [confirm('2xx')]: 1,
    uploads_confirmed_total: 1,
    ...phases('claim', 'copy', 'verify', 'commit'),
    [s3('head')]: 1,
    [s3('copy')]: 1,
    [s3('read')]: 1,
    [database('claim_upload')]: 1,
    [database('commit_upload')]: 1,
    open_uploads: -1
  }
  await step('confirm', () => ada.confirm(first), { ...commits, ...part('live', 1) })
  await step('confirm once more', () => ada.confirm(first), {
    [confirm('2xx')]: 1,
    ...phases('claim'),
    [s3('head')]: 1,
    [database('claim_upload')]: 1,
    [database('select')]: 1
  })
  await step('read', () => ada.avatar(), {
    [request('GET', '/api/users/:userId/avatar', '2xx')]: 1,
    [database('read_avatars')]: 1
  })
  await step('an avatar that is not there', () => bob.avatar().catch(() => {}), {
    [request('GET', '/api/users/:userId/avatar', '4xx')]: 1,
    [problem('AVATAR_NOT_FOUND')]: 1,
    [database('read_avatars')]: 1
  })
  const text = await ada.createUpload(picture)
  await ada.send(text, Buffer.alloc(picture.length, 'no picture'))
  await delta()
  await step('confirm what is no picture', () => ada.confirm(text).catch(() => {}), {
    [confirm('4xx')]: 1,
    [problem('OBJECT_REJECTED')]: 1,
    uploads_rejected_total: 1,
    'upload_rejection_reasons_total{reason="UNKNOWN_FORMAT"}': 1,
    ...phases('claim', 'copy', 'verify'),
    [s3('head')]: 1,
    [s3('copy')]: 1,
    [s3('read')]: 1,
    [database('claim_upload')]: 1,
    [database('update')]: 1,
    [database('select')]: 1,
    open_uploads: -1,
    ...part('unreferenced', 1)
  })
  await step('confirm it once more', () => ada.confirm(text).catch(() => {}), {
    [confirm('4xx')]: 1,
    [problem('OBJECT_REJECTED')]: 1,
    ...phases('claim'),
    [s3('head')]: 1,
    [database('claim_upload')]: 1,
    [database('select')]: 1
  })
  const unwanted = await ada.createUpload(picture)
  await delta()
  await step('abort, twice', () => ada.abort(unwanted).then(() => ada.abort(unwanted)), {
    [request('DELETE', '/api/uploads/:id', '2xx')]: 2,
    uploads_aborted_total: 1,
    [database('update')]: 2,
    [database('select')]: 1,
    open_uploads: -1
  })
  const second = await ada.sent(picture)
  await delta()
  await step('replace', () => ada.confirm(second), {
    ...commits,
    ...part('unreferenced', 1)
  })
  await step('erase', () => admin.erase('ada'), {
    [request('DELETE', '/api/users/:userId', '2xx')]: 1,
    [s3('delete')]: 1,
    [database('transaction')]: 1,
    [database('update')]: 1,
    ...part('live', -1),
    ...part('unreferenced', -1)
  })
  await step(
    'requests that are none',
    async () => {
      await app.inject('/nowhere/1')
      await app.inject('/nowhere/2?x=y')
      await app.inject({ method: 'TRACE', url: '/api/uploads' })
      await app.inject({ url: '/avatars/ada' })
    },
    {
      [request('GET', 'none', '4xx')]: 2,
      [request('other', '/api/uploads', '4xx')]: 1,
      [request('GET', '/avatars/:userId', '4xx')]: 1,
      [problem('NOT_FOUND')]: 2,
      [problem('METHOD_NOT_ALLOWED')]: 1,
      [problem('UNAUTHENTICATED')]: 1
    }
  )
  await bob.sent(picture)
  await delta()
  const failing = await bob.sent(picture)
  await delta()
  sandbox.misbehave.fail('GetObject', { status: 503, code: 'SlowDown' })
  await step('S3 fails', () => bob.confirm(failing).catch(() => {}), {
    [confirm('5xx')]: 1,
    [problem('STORAGE_UNAVAILABLE')]: 1,
    ...phases('claim', 'copy', 'verify'),
    [s3('head')]: 1,
    [s3('copy')]: 1,
    [s3('read', 'failed')]: 1,
    [database('claim_upload')]: 1,
    ...part('unreferenced', 1)
  })
  sandbox.misbehave.clear()

  await advance(601)
  const due = { open_uploads: -2, janitor_backlog_objects: 8 }
  await step('six uploads and two copies come to their end', async () => {}, due)
  const stop = startJanitor({ ...deps, config: often(deps) }, silent)
  await moved(deps, (metrics) => metrics.janitor.sweeps.done.value > 0)
  await stop()
  const swept = await delta()
  t.match(swept, {
    uploads_expired_total: 2,
    janitor_purged_total: 8,
    janitor_abandoned_total: 1,
    janitor_backlog_objects: -8,
    ...part('staged', -6),
    ...part('unreferenced', -2)
  })
  for (const name of [
    'janitor_failed_total',
    'janitor_forgotten_total',
    'janitor_strays_removed_total'
  ]) {
    t.notOk(name in swept, name)
  }
})

t.test('an upload that is confirmed many times at once counts once', async (t) => {
  const { ada, delta: begin } = await start(t)
  const delta = await begin()
  const at = (upload: Upload) => Array.from({ length: 5 }, () => ada.confirm(upload))
  const good = await ada.sent(picture)
  await Promise.allSettled(at(good))
  const bad = await ada.createUpload(picture)
  await ada.send(bad, Buffer.alloc(picture.length, 'no picture'))
  await Promise.allSettled(at(bad))
  t.match(await delta(), {
    uploads_confirmed_total: 1,
    uploads_rejected_total: 1,
    'upload_rejection_reasons_total{reason="UNKNOWN_FORMAT"}': 1,
    [confirm('2xx')]: 5,
    [confirm('4xx')]: 5
  })
})

const often = ({ config }: App['deps']) => ({
  ...config,
  janitor: { ...config.janitor, sweepSeconds: 1, reconcileSeconds: 1 }
})

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

async function moved(
  { metrics }: App['deps'],
  isSo: (counts: NonNullable<typeof metrics>) => boolean
) {
  while (!isSo(metrics!)) await sleep(10)
}

t.test('the janitor counts what S3 leaves alone, strays, and rows that it forgets', async (t) => {
  const { ada, deps, sandbox, advance, delta: begin } = await start(t)
  await ada.sent(picture)
  await advance(86_400)
  const delta = await begin()
  sandbox.misbehave.fail('DeleteObjects', { status: 503, code: 'SlowDown' })
  const stop = startJanitor({ ...deps, config: often(deps) }, silent)
  await moved(deps, ({ janitor }) => janitor.sweeps.failed.value > 0)
  t.match(await delta(), { janitor_failed_total: 1, 'janitor_sweeps_total{outcome="failed"}': 1 })
  sandbox.misbehave.clear()
  await advance(8 * 86_400)
  await moved(deps, ({ janitor }) => janitor.purged.value > 0)
  await advance(8 * 86_400)
  await moved(deps, ({ janitor }) => janitor.forgotten.value > 0)
  await stop()
  t.match(await delta(), { janitor_purged_total: 1, janitor_forgotten_total: 1 })
})

t.test('dangling references stay on the page until a walk finds none', async (t) => {
  const { ada, deps, sandbox, sql, advance, page } = await start(t)
  const dangling = async () => (await page()).get('directo_dangling_references')?.samples[0]?.value
  t.equal(await dangling(), undefined, 'before the first walk nobody knows')
  const { avatar } = await ada.upload(picture)
  const strange = 'avatars/nobody-knows-it'
  const lastModified = new Date(Date.now() - 86_400_000)
  await sandbox.door.put(BUCKET, strange, 'x', { lastModified })
  sandbox.door.delete(
    BUCKET,
    decodeURIComponent(new URL(avatar.url).pathname).split('/').slice(2).join('/')
  )
  await walk(deps)
  t.equal(await dangling(), 1)
  t.equal(sumOf(await page(), 'directo_janitor_strays_removed_total'), 1)
  await sql`update walks set ended_at = null, dangling = 0, begun_at = now()`
  t.equal(await dangling(), 1, 'while another walk has not come so far')
  await sql`update walks set ended_at = now()`
  await ada.removeAvatar()
  await advance(10)
  await walk(deps)
  t.equal(await dangling(), 0)
})

async function walk(deps: App['deps']) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const log: Log = { ...silent, info: (_facts, sentence) => sentence === 'reconciled' && resolve() }
  const stop = startJanitor({ ...deps, config: often(deps) }, log)
  await promise
  await stop()
}

t.test('a bucket that may not be ours is counted, and nothing else', async (t) => {
  const { deps, delta: begin } = await start(t)
  await deps.bucket.writeLabel('another database')
  const delta = await begin()
  const stop = startJanitor({ ...deps, config: often(deps) }, silent)
  await moved(deps, ({ janitor }) => janitor.sweeps.refused.value > 0)
  await stop()
  t.match(await delta(), { 'janitor_sweeps_total{outcome="refused"}': 1 })
})

t.test('instances keep one account, and sum up in turns', async (t) => {
  const { app, ada, sql, databaseUrl, instance, page } = await start(t)
  const other = await instance({ DATABASE_URL: databaseUrl })
  await ada.createUpload(picture)
  const now = await page()
  await ada.createUpload(picture)
  for (const { app: one } of [{ app }, other]) {
    const { body } = await one.inject({ url: '/metrics', headers })
    const seen = readPage(body)
    t.equal(sumOf(seen, 'directo_open_uploads'), 1, 'as it was summed up a moment ago')
    const name = 'directo_usage_timestamp_seconds'
    t.equal(sumOf(seen, name), sumOf(now, name))
  }
  const [account] =
    await sql`select extract(epoch from due_at - computed_at)::float as rest from usage`
  t.ok(account!.rest >= 15, 'and is not again before a quarter of a minute')
  await sql`update usage set due_at = now()`
  const both = await Promise.all(
    [other.app, app].map((one) => one.inject({ url: '/metrics', headers }))
  )
  for (const { statusCode } of both) t.equal(statusCode, 200)
  t.equal(sumOf(await page(), 'directo_open_uploads'), 2)
})

t.test('where to sum up takes long or fails, the account from before is on the page', async (t) => {
  const { ada, sql, page, databaseUrl, instance } = await start(t)
  await ada.createUpload(picture)
  await page()
  await ada.createUpload(picture)
  const { app } = await instance({ DATABASE_URL: databaseUrl, DATABASE_DEADLINE_MS: '800' })
  await sql.begin(async (tx) => {
    await tx`lock table objects`
    for (const one of [
      { app, sql },
      { app, sql }
    ]) {
      const held = await pageOf(one)
      t.equal(sumOf(held, 'directo_database_up'), 1)
      t.equal(sumOf(held, 'directo_open_uploads'), 1)
    }
  })
  t.equal(sumOf(await page(), 'directo_open_uploads'), 2)
})

t.test('only who has the token reads them on the port of the service', async (t) => {
  const { app } = await startApp(t, { METRICS_TOKEN })
  const refused = [
    '',
    'Bearer',
    METRICS_TOKEN,
    `Bearer ${METRICS_TOKEN}x`,
    `bearer ${METRICS_TOKEN}`
  ]
  for (const authorization of refused) {
    const reply = await app.inject({ url: '/metrics', headers: { authorization } })
    t.match(
      reply,
      { statusCode: 401, headers: { 'www-authenticate': 'Bearer' } },
      `${authorization}`
    )
    t.match(reply.json(), { code: 'UNAUTHENTICATED' })
  }
  const reply = await app.inject({ url: '/metrics', headers })
  t.match(reply, { statusCode: 200, headers: { 'cache-control': 'no-store' } })
  t.equal(reply.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  t.match(await app.inject({ method: 'POST', url: '/metrics', headers }), { statusCode: 405 })
  const off = await startApp(t)
  t.match(await off.app.inject({ url: '/metrics', headers }), { statusCode: 404 })
  t.equal(off.deps.metrics, undefined)
})

t.test('without Postgres the page comes without what it would have told', async (t) => {
  const { ada, databaseUrl, sql, instance } = await start(t)
  await ada.createUpload(picture)
  const proxy = await startProxy(t, databaseUrl)
  const { app } = await instance({ DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '3000' })
  const names = async () => {
    const page = await pageOf({ app, sql })
    t.ok(page.has('directo_uploads_created_total'))
    return { up: sumOf(page, 'directo_database_up'), known: page.has('directo_open_uploads') }
  }
  t.same(await names(), { up: 1, known: true })
  proxy.refuse()
  t.same(await names(), { up: 0, known: false }, 'it refuses')
  proxy.recover()
  t.same(await names(), { up: 1, known: true }, 'and is back')
  proxy.silence()
  const beganAt = Date.now()
  const both = await Promise.all([names(), names()])
  t.ok(Date.now() - beganAt < 2900, 'nobody waits for its deadline')
  t.same(
    both,
    [
      { up: 0, known: false },
      { up: 0, known: false }
    ],
    'it is silent'
  )
})

t.test('the remaining life of credentials, where they have an end', async (t) => {
  const { deps, app, page } = await start(t)
  t.notOk((await page()).has('directo_credentials_remaining_seconds'))
  deps.bucket.credentialsEnd = async () => new Date(Date.now() + 600_000)
  const { body } = await app.inject({ url: '/metrics', headers })
  const left = sumOf(readPage(body), 'directo_credentials_remaining_seconds')
  t.ok(left > 590 && left <= 600, `${left}`)
  deps.bucket.credentialsEnd = () => Promise.reject(new Error('none'))
  const without = await app.inject({ url: '/metrics', headers })
  t.notOk(readPage(without.body).has('directo_credentials_remaining_seconds'))
})

t.test('a real process tells on a port of its own, and names nobody and nothing', async (t) => {
  const { service, sandbox, address, text } = await startWithMetrics(t, { METRICS_TOKEN: '' })
  const eve = service.user('eve-the-canary')
  const upload = await eve.createUpload(picture)
  await eve.send(upload, picture)
  const { avatar } = await eve.confirm(upload)
  await eve.avatar('nobody-the-canary').catch(() => {})
  await fetch(`${service.url}/canary-address?canary=query`, { headers: { 'x-canary': '1' } })
  await fetch(`${service.url}/metrics`).then(({ status }) => t.equal(status, 404, 'not here'))

  const page = await text()
  t.equal(sumOf(readPage(page), 'directo_uploads_confirmed_total'), 1)
  const key = decodeURIComponent(new URL(avatar.url).pathname).split('/').at(-1)!
  const secrets = [upload.id, key, BUCKET, eve.token, ...Object.values(sandbox.credentials)]
  for (const secret of ['canary', new URL(avatar.url).host, ...secrets]) {
    t.notOk(page.includes(secret), `no ${secret}`)
  }
  for (const path of ['', 'api/uploads', 'health/live']) {
    const answer = await fetch(new URL(`/${path}`, address))
    t.match(answer, { status: 404 }, `nothing else is there: /${path}`)
    t.match(await answer.json(), { code: 'NOT_FOUND' })
  }
})

t.test('on a port of its own, by the token where there is one', async (t) => {
  const { address } = await startWithMetrics(t, { METRICS_TOKEN })
  t.match(await fetch(address), { status: 401 })
  t.match(await fetch(address, { headers }), { status: 200 })
})

t.test('the port of its own is closed with the service, and taken it ends the start', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const METRICS_PORT = `${port}`
  const { app: refused } = await instance({ DATABASE_URL: databaseUrl, METRICS_PORT })
  await t.rejects(async () => void (await refused.ready()), { code: 'EADDRINUSE' })
  other.close()
  await once(other, 'close')
  const { app } = await instance({ DATABASE_URL: databaseUrl, METRICS_PORT })
  await app.ready()
  const address = `http://127.0.0.1:${port}/metrics`
  t.match(await fetch(address), { status: 200 })
  t.match(await fetch(`${address}/of/another`), { status: 404 })
  await app.close()
  await t.rejects(fetch(address))
})

t.test('whoever sends anything adds no series without end', async (t) => {
  const { app, page } = await start(t)
  const series = async () =>
    (await page()).get('directo_http_request_duration_seconds')!.samples.length
  await app.inject('/nowhere')
  await app.inject({ method: 'TRACE', url: '/docs' })
  await series() // which is a request as well
  const before = await series()
  for (let n = 0; n < 20; n++) {
    await app.inject(`/nowhere/${n}`)
    await app.inject(`/avatars/user-${n}`)
    await app.inject(`/api/uploads/${n}?x=${n}`)
  }
  const perSeries = 16 // 13 bounds and infinity, the sum and the count
  t.ok((await series()) - before <= 2 * perSeries, 'one more for each of two routes')
})

t.test('what is not HTTP is counted, and who merely goes away is not', async (t) => {
  const { service, page } = await startWithMetrics(t)
  const port = Number(new URL(service.url).port)
  const gone = connect(port, '127.0.0.1')
  await once(gone, 'connect')
  gone.write('GET /health/live HT', () => gone.resetAndDestroy())
  await once(gone, 'close')
  const socket = connect(port, '127.0.0.1')
  socket.resume().end('garbage\r\n\r\n')
  await once(socket, 'close')
  t.equal(sumOf(await page(), 'directo_http_broken_requests_total'), 1)
})
