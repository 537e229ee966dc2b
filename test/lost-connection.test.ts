// A connection to Postgres that is lost in the middle of a transaction: an answer, and no crash.

import { setTimeout as sleep } from 'node:timers/promises'

import { sql } from 'drizzle-orm'
import t from 'tap'

import { openDatabase } from '../src/db/client.ts'
import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'

const picture = png(64)
const statements = ['insert into objects', 'commit_upload']

t.test(
  'F35: whichever statement of a commit is lost: 503, and the next confirm commits',
  async (t) => {
    const { databaseUrl, instance } = await startApp(t)
    const proxy = await startProxy(t, databaseUrl)
    const { ada } = await instance({ DATABASE_URL: proxy.url })
    for (const fault of [proxy.lose, proxy.loseAnswerTo, proxy.resetAt]) {
      for (const statement of statements) {
        const upload = await ada.sent(picture)
        fault(statement)
        const gone = { status: 503, code: 'DATABASE_UNAVAILABLE' }
        await t.rejects(ada.confirm(upload), gone, statement)
        t.same(await download((await ada.confirm(upload)).avatar.url), picture)
      }
    }
  }
)

t.test('a connection that is lost while it is being made ends nothing but itself', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const { ada } = await instance({ DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300' })
  // What the client asks on its own account, where nobody waits for the answer.
  proxy.resetAt('pg_type')
  await ada.createUpload(picture).catch(() => {})
  await t.resolves(ada.createUpload(picture))
})

t.test('when Postgres has ended every session, at most one call hears of it', async (t) => {
  const { databaseUrl, instance, sql: admin } = await startApp(t)
  const { ada } = await instance({ DATABASE_URL: databaseUrl, DATABASE_POOL: '4' })
  const look = () => ada.read({ id: '0'.repeat(32) }).catch(({ code }) => code as string)
  for (let round = 0; round < 6; round++) {
    await Promise.all(Array.from({ length: 12 }, look)) // every slot of the pool is in use
    await admin`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`
    const answers: string[] = []
    for (let call = 0; call < 12; call++) answers.push(`${await look()}`)
    const failed = answers.filter((code) => code === 'DATABASE_UNAVAILABLE').length
    t.ok(failed <= 1, `${failed} of 12`)
    t.equal(answers.at(-1), 'UPLOAD_NOT_FOUND')
  }
})

t.test('a pool that was given up keeps no process from ending', async (t) => {
  const { databaseUrl } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const config = { databaseUrl: proxy.url, databasePool: 2, databaseDeadlineMs: 20_000 }
  const { db, close } = openDatabase(config)
  proxy.loseAnswerTo('commit')
  await t.rejects(db.transaction((tx) => tx.execute(sql`select 1`)))
  await db.execute(sql`select 1`)
  await close(0)
  for (let tries = 0; timers() > before && tries < 200; tries++) await sleep(10) // others end soon
  t.ok(timers() <= before)
})
