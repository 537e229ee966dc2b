// Migrations beside instances that serve: an older schema is not ready, a newer one is no hindrance.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import postgres from 'postgres'
import t, { type Test } from 'tap'

import { migrate } from '../src/db/migrate.ts'
import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'
import { download } from './support/send.ts'

const picture = png(64)

interface Journal {
  entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[]
}

/** The migrations of another version: ours, with some of the last left out or some more added. */
function folderWith(t: Test, { without = 0, more = [] as string[] }) {
  const folder = mkdtempSync(join(tmpdir(), 'directo-migrate-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync('migrations', folder, { recursive: true })
  const path = join(folder, 'meta/_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as Journal
  journal.entries.splice(journal.entries.length - without, without)
  for (const statement of more) {
    const [last] = journal.entries.slice(-1)
    const tag = `${journal.entries.length}_of_tomorrow`
    writeFileSync(join(folder, `${tag}.sql`), statement)
    journal.entries.push({ ...last!, idx: last!.idx + 1, when: last!.when + 1, tag })
  }
  writeFileSync(path, JSON.stringify(journal))
  return folder
}

async function emptied(url: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql.unsafe(`drop schema drizzle cascade; drop schema public cascade; create schema public`)
  await sql.end()
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

t.test('on the schema of the version before it is not ready, until that is migrated', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  await emptied(databaseUrl)
  await migrate(databaseUrl, { folder: folderWith(t, { without: 1 }) })
  const { app, ada } = await instance()
  const told = {
    status: 503,
    code: 'DATABASE_UNAVAILABLE',
    detail: 'The database is not migrated.'
  }
  t.match((await app.inject('/health/ready')).json(), told)
  await migrate(databaseUrl)
  while ((await app.inject('/health/ready')).statusCode !== 200) await pause(50)
  t.match(await ada.confirm(await ada.sent(picture)), { upload: { state: 'confirmed' } })
})

t.test(
  'it works on while a newer version expands the schema, and migrates nothing back',
  async (t) => {
    const { databaseUrl, app, ada, admin, sql } = await startApp(t)
    const before = await ada.upload(picture)
    const expanded = [
      "alter table uploads add column label text not null default ''",
      'create table albums (id text primary key)',
      'create index on objects (user_id, verified_at)'
    ]
    await migrate(databaseUrl, { folder: folderWith(t, { more: expanded }) })
    await migrate(databaseUrl)
    t.same(await sql`select * from albums`, [])
    t.equal((await app.inject('/health/ready')).statusCode, 200)
    t.same(await ada.confirm(before.upload), before)
    const { avatar } = await ada.upload(png(32))
    t.same(await download(avatar.url), png(32))
    await ada.abort(await ada.createUpload(picture))
    await admin.erase('ada')
  }
)

t.test(
  'a migration that would hold up requests gives up soon, and leaves nothing half done',
  async (t) => {
    const { databaseUrl, sql, ada } = await startApp(t)
    const more = [
      'create table albums (id text primary key)',
      'alter table users add column label text'
    ]
    const folder = folderWith(t, { more })
    await sql.begin(async (tx) => {
      await tx`lock table users in access share mode` // as a long report would
      const late = await migrate(databaseUrl, { folder, patienceMs: 200 }).catch((err) => err)
      t.match(late.cause, { code: '55P03' }, 'lock_timeout')
      t.match(await ada.upload(picture), { upload: { state: 'confirmed' } })
    })
    t.same(await sql`select to_regclass('albums') as albums`, [{ albums: null }])
    await migrate(databaseUrl, { folder, patienceMs: 200 })
    t.same(
      await sql`select count(*)::int as columns from information_schema.columns
    where table_name = 'users' and column_name = 'label'`,
      [{ columns: 1 }]
    )
  }
)
