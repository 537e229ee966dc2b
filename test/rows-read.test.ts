// How many rows each call reads beside thousands that are not its business: as many as without them.

import t, { type Test } from 'tap'

import { adoptBucket } from '../src/janitor/label.ts'
import { reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { BUCKET, startApp } from './support/app.ts'
import { makeEveryCall } from './support/every-call.ts'

const OTHERS = 1200 // two pages of a listing
const DUE = 1000
const PEOPLE = ['ada', 'bob', 'cleo', 'dan', 'eve', 'finn'] // after five times, one plan may serve all
const BATCH = Array.from({ length: 100 }, (_, n) => `other-${7 * n + 1}`)
const EACH = 20 // what a call needs by index, for itself and its foreign keys, and some more
const MOST: Record<string, number> = {
  'read a batch': EACH * BATCH.length,
  sweep: 5 * (2 * DUE), // found, claimed, settled, and looked at by the foreign key
  reconcile: 5 * OTHERS
}
const pace = { keys: 100, rest: 0 }

t.test('no call reads more because others have avatars and uploads too', async (t) => {
  const { app, deps, user, set, read } = await start(t)
  await set('enable_seqscan = off') // right for so few rows, where a batch of the janitor is half of them
  await makeEveryCall(
    {
      user,
      get: (url, token) => app.inject({ url, headers: { authorization: `Bearer ${token}` } }),
      sweep: () => sweep(deps, { pace }),
      reconcile: () => reconcile(deps)
    },
    PEOPLE,
    BATCH,
    async (call) => {
      const rows = await read()
      const most = MOST[call] ?? EACH * PEOPLE.length
      t.ok(rows <= most, `${call} reads ${rows} rows, at most ${most}`)
    }
  )
})

/** Others have live avatars and open uploads, and the janitor has something to do. */
async function start(t: Test) {
  const environment = { DATABASE_POOL: '1', OPEN_UPLOADS_PER_USER: '2' }
  const service = await startApp(t, environment)
  const { deps, sql, sandbox } = service
  await adoptBucket(deps)
  await sql`
    insert into objects (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at)
    select 'avatars/' || md5('live' || i), 'other-' || i, md5('live' || i), 'image/png', 1, 1, 1, now()
    from generate_series(1, ${OTHERS}::int) i`
  const live = await sql`
    insert into users (id, avatar_key) select user_id, key from objects returning avatar_key as key`
  for (const { key } of live) await sandbox.door.put(BUCKET, key, 'x')
  const insertUploads = (count: number, from: string) => sql`
    insert into uploads (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(${from}::text || i), 'other-' || i, 'avatar', 'image/png', 1, ends, ends
    from generate_series(1, ${count}::int) i,
      lateral (select now() + ${from}::interval + interval '1 second' * i) as life (ends)`
  await insertUploads(OTHERS, '1 hour')
  await insertUploads(DUE, '-1 hour')
  await sql`
    insert into objects (key, user_id, upload_id, content_type, size_bytes, purge_after)
    select 'avatars/' || md5('due' || i), 'other-' || i, md5('due' || i), 'image/png', 1,
      now() - interval '1 hour' + interval '1 second' * i
    from generate_series(1, ${DUE}::int) i`
  await sql`analyze`

  const { $client } = deps.db
  const set = async (...settings: string[]) => {
    for (const setting of settings) await $client.unsafe(`set ${setting}`)
  }
  let before = 0
  /** Rows read since the last time: Postgres itself counts, and each session tells when it is asked to. */
  async function read() {
    const tell = 'select pg_stat_force_next_flush(), pg_sleep(0.01)'
    await Promise.all([$client.unsafe(tell), sql.unsafe(tell), sql.unsafe(tell)])
    const [{ total }] = await sql<[{ total: number }]>`
      select ((select sum(seq_tup_read) from pg_stat_user_tables)
        + (select sum(idx_tup_read) from pg_stat_user_indexes))::int as total`
    const rows = total - before
    before = total
    return rows
  }
  await read()
  return { ...service, set, read }
}
