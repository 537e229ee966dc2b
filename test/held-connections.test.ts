// Nothing holds a connection to Postgres while S3 works: with a single one, others are still answered.

import t from 'tap'

import type { Verb } from '../src/dev/sandbox/verbs.ts'
import { adoptBucket } from '../src/janitor/label.ts'
import { reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)

t.test('F33: one connection is enough for everybody while S3 takes its time', async (t) => {
  const { sandbox, sql, instance } = await startApp(t)
  const { ada, bob, admin, deps } = await instance({
    DATABASE_POOL: '1',
    DATABASE_DEADLINE_MS: '2000'
  })
  await adoptBucket(deps)
  await ada.upload(picture)
  await bob.upload(picture)
  const upload = await ada.sent(picture)
  const cases: [string, Verb, () => Promise<unknown>][] = [
    ['confirm looks', 'HeadObject', () => ada.confirm(upload)],
    ['confirm copies', 'CopyObject', async () => ada.confirm(await ada.sent(picture))],
    ['confirm reads', 'GetObject', async () => ada.confirm(await ada.sent(picture))],
    ['sweep deletes', 'DeleteObjects', () => sweep(deps)],
    ['reconcile lists', 'ListObjectsV2', () => reconcile(deps)],
    ['erase deletes', 'DeleteObjects', () => admin.erase('ada')]
  ]
  for (const [name, verb, work] of cases) {
    await sql`update uploads set purge_after = now() where confirmed_at is not null`
    const { answered, done } = heldAt(verb, work)
    await answered(() => bob.avatar())
    t.pass(name)
    await done
  }

  const holding = deps.db.execute('select pg_sleep(60)').catch(() => {})
  const refused = { status: 503, code: 'DATABASE_UNAVAILABLE' }
  await t.rejects(bob.avatar(), refused, 'held, it would be noticed')
  await holding

  function heldAt(verb: Verb, work: () => Promise<unknown>) {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    sandbox.misbehave.before({ verb, times: 1 }, () => {
      reached.resolve()
      return released.promise
    })
    const done = work()
    done.catch(reached.reject)
    const answered = async (ask: () => Promise<unknown>) => {
      await reached.promise
      await ask()
      released.resolve()
    }
    return { answered, done }
  }
})
