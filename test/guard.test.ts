// Postgres itself refuses every state in which a user's avatar is not a live object of theirs.

import { setTimeout as sleep } from 'node:timers/promises'

import postgres, { type Sql } from 'postgres'
import t, { type Test } from 'tap'

import { cloneDatabase } from './support/database.ts'

const KEY = `avatars/${'a'.repeat(32)}`
const OTHER = `avatars/${'b'.repeat(32)}`
const REFUSED = { code: '23503', constraint_name: 'users_avatar_is_live' }

async function connect(t: Test) {
  const url = await cloneDatabase(t)
  const open = () => {
    const sql = postgres(url, { max: 1 })
    t.teardown(() => sql.end())
    return sql
  }
  const sql = open()
  await sql`insert into users (id) values ('ada'), ('bob')`
  return { sql, open }
}

const insert = (sql: Sql, key: string, more = {}) =>
  sql`insert into objects ${sql({
    key,
    user_id: 'ada',
    upload_id: 'u',
    content_type: 'image/png',
    size_bytes: 1,
    purge_after: new Date(),
    ...more
  })}`
const insertLive = (sql: Sql, key: string, more = {}) =>
  insert(sql, key, { verified_at: new Date(), width: 1, height: 1, purge_after: null, ...more })
const refer = (sql: Sql, key: string, user = 'ada') =>
  sql`update users set avatar_key = ${key} where id = ${user}`
const discard = (sql: Sql, key: string) =>
  sql`update objects set discarded_at = now(), purge_after = now() where key = ${key}`

t.test('an unverified object, or none at all, cannot be an avatar', async (t) => {
  const { sql } = await connect(t)
  await t.rejects(refer(sql, KEY), REFUSED)
  await insert(sql, KEY)
  await t.rejects(refer(sql, KEY), REFUSED)
})

t.test("another user's object cannot be an avatar", async (t) => {
  const { sql } = await connect(t)
  await insertLive(sql, KEY, { user_id: 'bob' })
  await t.rejects(refer(sql, KEY), REFUSED)
})

t.test('a discarded object cannot be an avatar', async (t) => {
  const { sql } = await connect(t)
  await insertLive(sql, KEY)
  await discard(sql, KEY)
  await t.rejects(refer(sql, KEY), REFUSED)
})

t.test('an avatar cannot be discarded, deleted or taken back to unverified', async (t) => {
  const { sql } = await connect(t)
  await insertLive(sql, KEY)
  await refer(sql, KEY)
  await t.rejects(discard(sql, KEY), REFUSED)
  await t.rejects(sql`delete from objects where key = ${KEY}`, REFUSED)
  const unverify = sql`update objects set verified_at = null, purge_after = now() where key = ${KEY}`
  await t.rejects(unverify, REFUSED)
  await t.rejects(sql`update objects set user_id = 'bob' where key = ${KEY}`, REFUSED)
  await t.rejects(sql`update users set id = 'eve' where id = 'ada'`, REFUSED)
})

t.test('pictures can be swapped inside one transaction', async (t) => {
  const { sql } = await connect(t)
  await insertLive(sql, KEY)
  await insertLive(sql, OTHER)
  await refer(sql, KEY)
  await sql.begin(async (tx) => {
    await refer(tx as unknown as Sql, OTHER)
    await discard(tx as unknown as Sql, KEY)
  })
  const [user] = await sql`select avatar_key, avatar_live from users where id = 'ada'`
  t.same(user, { avatar_key: OTHER, avatar_live: true })
})

t.test('a confirm that holds the row makes the janitor wait and then refuses it', async (t) => {
  const { sql: confirm, open } = await connect(t)
  const janitor = open()
  await insertLive(confirm, KEY)
  let discarding: Promise<unknown> = Promise.resolve()
  await confirm.begin(async (tx) => {
    await refer(tx as unknown as Sql, KEY)
    discarding = discard(janitor, KEY).execute()
    discarding.catch(() => {})
    await waitsForLock(t, open())
  })
  await t.rejects(discarding, REFUSED)
})

t.test('a janitor that was first makes the confirm wait and then refuses it', async (t) => {
  const { sql: confirm, open } = await connect(t)
  const janitor = open()
  await insertLive(confirm, KEY)
  let referring: Promise<unknown> = Promise.resolve()
  await janitor.begin(async (tx) => {
    await discard(tx as unknown as Sql, KEY)
    referring = refer(confirm, KEY).execute()
    referring.catch(() => {})
    await waitsForLock(t, open())
  })
  await t.rejects(referring, REFUSED)
})

t.test('rows that contradict themselves are refused', async (t) => {
  const { sql } = await connect(t)
  const check = (name: string) => ({ code: '23514', constraint_name: name })
  await t.rejects(insert(sql, 'avatars/../x'), check('objects_key'))
  await t.rejects(insert(sql, KEY, { purge_after: null }), check('objects_purgeable'))
  await t.rejects(insert(sql, KEY, { purged_at: new Date() }), check('objects_purged_discarded'))
  await t.rejects(insertLive(sql, KEY, { width: 0 }), check('objects_measured'))
})

async function waitsForLock(t: Test, sql: Sql) {
  for (let tries = 0; tries < 500; tries++) {
    const [row] = await sql`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    if (row!.waiting === 1) return
    await sleep(10)
  }
  t.fail('nobody waited')
}
