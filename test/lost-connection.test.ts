// A connection to Postgres that is lost in the middle of a transaction: an answer, and no crash.

import t from 'tap'

import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'

const picture = png(64)
const statements = ['from "users"', 'update "uploads"', 'update "objects"', 'update "users"']

t.test('whichever statement of a commit is lost: 503, and the next confirm commits', async (t) => {
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
})

t.test('a connection that is lost while it is being made ends nothing but itself', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const proxy = await startProxy(t, databaseUrl)
  const { ada } = await instance({ DATABASE_URL: proxy.url, DATABASE_DEADLINE_MS: '300' })
  // What the client asks on its own account, where nobody waits for the answer.
  proxy.resetAt('pg_type')
  await ada.createUpload(picture).catch(() => {})
  await t.resolves(ada.createUpload(picture))
})
