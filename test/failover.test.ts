// F32, F36: Postgres with a standby. Decisions are made on the primary alone, and when the standby takes
// its place, no acknowledged confirm is lost and nobody needs a restart.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import postgres from 'postgres'
import t, { type Test } from 'tap'

import { migrate } from '../src/db/migrate.ts'
import { startPostgres } from '../src/dev/postgres.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)
const away = { status: 503, code: 'DATABASE_UNAVAILABLE' }

t.test('F36: a database that takes no writes is not ready, and none is pretended', async (t) => {
  const { databaseUrl, instance, sql } = await startApp(t)
  const { ada, app } = await instance({ DATABASE_URL: databaseUrl, DATABASE_POOL: '2' })
  await ada.upload(picture)
  const name = new URL(databaseUrl).pathname.slice(1)
  const calls = [
    () => ada.createUpload(picture),
    () => ada.removeAvatar(),
    () => ada.abort({ id: '0'.repeat(32) })
  ]
  for (const ready of [true, false]) {
    // As at a primary that became a replica: sessions from before its end stay as they began.
    await sql.unsafe(`alter database ${name} set default_transaction_read_only = on`)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'directo'`
    await ada.avatar().catch(() => {}) // may be the one that hears of it
    for (const call of calls) await t.rejects(call(), away)
    await sleep(1100) // for so long the answer is remembered
    const { statusCode, body } = await app.inject('/health/ready')
    t.equal(statusCode, 503)
    t.match(JSON.parse(body), { ...away, detail: /takes no writes/ })
    t.ok(await ada.avatar(), 'what can be read is')
    await sql.unsafe(`alter database ${name} set default_transaction_read_only = off`)
    if (!ready) {
      await t.rejects(ada.createUpload(picture), away, 'who still has such a session hears of it')
      while (!(await ada.createUpload(picture).catch(() => null))) await sleep(50) // a second at most
      continue
    }
    await sleep(1100)
    await app.inject('/health/ready')
    await sleep(1100)
    t.equal((await app.inject('/health/ready')).statusCode, 200, 'without any other call')
  }
})

t.test('F36: writes that are refused cost those who read no connections', async (t) => {
  const { databaseUrl, instance, sql } = await startApp(t)
  const { ada } = await instance({ DATABASE_URL: databaseUrl, DATABASE_POOL: '1' })
  const name = new URL(databaseUrl).pathname.slice(1)
  await sql.unsafe(`alter database ${name} set default_transaction_read_only = on`)
  const sessions = new Set<number>()
  const beganAt = performance.now()
  for (let n = 0; n < 30; n++) {
    await t.rejects(ada.createUpload(picture), away)
    await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
    const found = await sql`select pid from pg_stat_activity
      where datname = current_database() and application_name = 'directo'`
    for (const { pid } of found) sessions.add(pid)
  }
  const seconds = (performance.now() - beganAt) / 1000
  t.ok(sessions.size <= 4 + seconds, `${sessions.size} sessions`)
})

t.test('F32: the standby takes over: nothing acknowledged is lost, no restart', async (t) => {
  const { primary, standby } = await startPair(t)
  const address = new URL(primary.url)
  const second = new URL(standby.url)
  const hosts = `${address.host},${second.host}`
  const DATABASE_URL = `${primary.url.replace(address.host, hosts)}?target_session_attrs=primary`
  const { instance } = await startApp(t)
  const { ada, app } = await instance({ DATABASE_URL, DATABASE_DEADLINE_MS: '1000' })
  const { avatar } = await ada.upload(picture)

  await primary.stop()
  await t.rejects(ada.createUpload(picture), away)
  t.match((await app.inject('/health/ready')).json(), away, 'the standby does not do')
  const client = postgres(standby.url, { max: 1, onnotice: () => {} })
  t.teardown(() => client.end())
  await client`select pg_promote()`
  const promotedAt = Date.now()
  while (!(await ada.createUpload(picture).catch(() => null))) await sleep(100)
  t.ok(Date.now() - promotedAt < 10_000, 'within 10 s')
  t.equal((await ada.avatar()).updatedAt, avatar.updatedAt, 'what was acknowledged is there')
  const { avatar: next } = await ada.upload(picture)
  t.same(await download(next.url), picture)
})

t.test('F36: an address that leads to a standby is not ready', async (t) => {
  const { standby } = await startPair(t)
  const { instance } = await startApp(t)
  const { ada, app } = await instance({ DATABASE_URL: standby.url })
  await t.rejects(ada.createUpload(picture), away)
  t.match((await app.inject('/health/ready')).json(), { ...away, detail: /takes no writes/ })
})

t.test(
  'F32: the codes by which Postgres says goodbye are a 503, and the next call works',
  async (t) => {
    const { databaseUrl, instance, sql } = await startApp(t)
    const proxy = await startProxy(t, databaseUrl)
    const { ada } = await instance({ DATABASE_URL: proxy.url, DATABASE_POOL: '1' })
    await sql.unsafe(`
    create table faults (code text);
    create function fail() returns trigger language plpgsql as $$
    declare fault text;
    begin
      select code into fault from faults;
      if found then raise exception 'by the test' using errcode = fault; end if;
      return new;
    end $$;
    create trigger fail before insert on uploads for each row execute function fail()`)
    for (const code of ['57P01', '57P02', '57P03', '25006', '53300', '08006']) {
      await sql`insert into faults values (${code})`
      await t.rejects(ada.createUpload(picture), away, code)
      await sql`delete from faults`
      t.ok(await ada.createUpload(picture), code)
      await sql`delete from uploads`
    }
  }
)

/** A primary that acknowledges nothing before its standby has it, migrated. */
async function startPair(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'directo-failover-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [first, second] = [join(folder, 'a'), join(folder, 'b')]
  const whole = await startPostgres(first, ['fsync=off'])
  await migrate(whole.url)
  await whole.stop()
  execFileSync('cp', ['-a', first, second])
  writeFileSync(join(second, 'data/standby.signal'), '')
  const primary = await startPostgres(first, ['fsync=off'])
  t.teardown(primary.stop)
  const { port, password } = new URL(primary.url)
  const follows = `primary_conninfo=host=127.0.0.1 port=${port} user=directo password=${password}`
  const standby = await startPostgres(second, ['fsync=off', follows])
  t.teardown(standby.stop)
  const client = postgres(primary.url, { max: 1, onnotice: () => {} })
  while ((await client`select 1 from pg_stat_replication where state = 'streaming'`).length === 0) {
    await sleep(50)
  }
  await client`alter system set synchronous_standby_names = '*'`
  await client`select pg_reload_conf()`
  await client.end()
  return { primary, standby }
}
