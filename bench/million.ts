// A second database in the same Postgres, with as many users as asked for and all that comes with them.

import postgres, { type Sql } from 'postgres'

import { migrate } from '../src/db/migrate.ts'
import { insertAvatars, insertDue } from './rows.ts'
import type { World } from './world.ts'

const DATABASE = 'million'

export type Million = Awaited<ReturnType<typeof createMillion>>

/** Answers its address and a connection; to the bucket it is the same database. */
export async function createMillion({ ends, sql, environment }: World, users: number) {
  await sql.unsafe(`create database ${DATABASE}`)
  const url = Object.assign(new URL(environment.DATABASE_URL!), { pathname: DATABASE }).href
  await migrate(url)
  const million = postgres(url, { max: 1, onnotice: () => {} })
  ends.teardown(() => million.end())
  const [installation] = await sql<[{ id: string }]>`select id from installation`
  await million`update installation set id = ${installation.id}`
  // A check of each of a million references is not what is measured here.
  await million`set session_replication_role = replica`
  await insertAvatars(million, users)
  await insertHistory(million, users)
  await settle(million)
  await settle(sql)
  return { url, sql: million, users }
}

// What a week leaves, and what there is for each step of the janitor to do.
async function insertHistory(sql: Sql, users: number) {
  const share = (one: number) => Math.ceil(users / one)
  await insertUploads(sql, { what: 'open', count: share(30), confirmed: false, endsIn: 600 })
  await insertUploads(sql, { what: 'overdue', count: share(200), confirmed: false, endsIn: -60 })
  await insertUploads(sql, { what: 'settled', count: share(5), confirmed: true, purged: DAY })
  await insertUploads(sql, { what: 'over', count: share(300), confirmed: true, purged: 9 * DAY })
  await insertDue(sql, 'due', share(50))
  await insertPurged(sql, 'replaced', share(10), DAY)
  await insertPurged(sql, 'long gone', share(300), 9 * DAY)
  await sql`
    insert into users (id, erased_at)
    select 'user-' || i * 97 || '-erased', now() - interval '100 days' from generate_series(1, ${share(3000)}::int) i`
}

const DAY = 86_400

interface Uploads {
  /** Where their ids come from. */
  what: string
  count: number
  confirmed: boolean
  /** Seconds from now until they expire. */
  endsIn?: number
  /** How many seconds ago their bytes went; not yet, if it is not said. */
  purged?: number
}

const insertUploads = (
  sql: Sql,
  { what, count, confirmed, endsIn = 0, purged = 0 }: Uploads
) => sql`
  insert into uploads (id, user_id, purpose, content_type, size_bytes, created_at, expires_at,
    purge_after, confirmed_at, object_key, purged_at)
  select md5(${what}::text || i), 'user-' || i * 3, 'avatar', 'image/png', 100000, ends - interval '10 min',
    ends, ends, case when ${confirmed} then ends end, case when ${confirmed} then 'avatars/' || md5('reader' || i) end,
    case when ${purged}::int > 0 then ends end
  from generate_series(1, ${count}::int) i,
    lateral (select now() + interval '1 second' * (${endsIn}::int - ${purged}::int - i % 60)) as life (ends)`

const insertPurged = (sql: Sql, what: string, count: number, secondsAgo: number) => sql`
  insert into objects (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at,
    discarded_at, purge_after, purged_at)
  select 'avatars/' || md5(${what}::text || i), 'user-' || i * 3, md5(${what}::text || i), 'image/png',
    1, 1, 1, ago, ago, ago, ago
  from generate_series(1, ${count}::int) i,
    lateral (select now() - interval '1 second' * (${secondsAgo}::int + i % 3600)) as gone (ago)`

// As autovacuum and a checkpoint leave it some minutes later.
async function settle(sql: Sql) {
  await sql`vacuum (analyze)`
  await sql`checkpoint`
}
