// Whose clock counts: that of Postgres judges, at the moment it judges, and ours must agree with it.

import { setTimeout as sleep } from 'node:timers/promises'

import t from 'tap'

import { startApp } from './support/app.ts'
import { startClock, takeOverDate } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)

t.test('a confirm that waits its turn until its time is over comes too late', async (t) => {
  const { ada, sql, databaseUrl } = await startApp(t)
  const clock = await startClock(t, databaseUrl)
  const upload = await ada.sent(picture)
  let confirming: Promise<unknown> = Promise.resolve()
  await sql.begin(async (tx) => {
    await tx`select 1 from users where id = 'ada' for update`
    confirming = ada.confirm(upload)
    confirming.catch(() => {})
    const waiting = () => sql`select 1 from pg_locks where not granted`
    while ((await waiting()).length === 0) await sleep(10)
    await clock.advance(601)
  })
  await t.rejects(confirming, { status: 410, code: 'UPLOAD_EXPIRED' })
  await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
})

t.test('an instance whose clock is off is not ready', async (t) => {
  const { app, clock } = await startApp(t)
  const ready = async () => (await app.inject('/health/ready')).json()
  t.match(await ready(), { status: 'ok' })
  for (const seconds of [-40, 40]) {
    await sleep(1100) // for so long an answer is remembered
    clock.now = () => new Date(Date.now() + 1000 * seconds)
    t.match(await ready(), { code: 'DATABASE_UNAVAILABLE', detail: /clocks .* apart/ })
  }
})

t.test('F40: with a clock that is 20 minutes off, no grant is given', async (t) => {
  const { user, app, sql } = await startApp(t)
  const date = takeOverDate(t)
  const create = (seconds: number) => {
    date.shift(seconds)
    const creating = user('ada').createUpload(picture) // the token is as far off
    return creating.finally(() => date.shift(-seconds))
  }
  const refused = { status: 503, code: 'DATABASE_UNAVAILABLE', detail: /clocks .* disagree/ }
  for (const seconds of [-1200, -70, 70, 1200]) {
    await t.rejects(create(seconds), refused, `${seconds} s`)
  }
  t.same(await sql`select 1 from uploads`, [], 'nothing is recorded')
  for (const seconds of [-50, 0, 50]) t.ok(await create(seconds), `${seconds} s`)
  date.shift(1200)
  const told = { code: 'DATABASE_UNAVAILABLE', detail: /clocks .* apart/ }
  t.match((await app.inject('/health/ready')).json(), told)
})
