// The janitor's sweep: what is over goes, what is referenced or still promised stays.

import t, { type Test } from 'tap'

import { sweep } from '../src/janitor/sweep.ts'
import { BUCKET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { scan } from './support/scanner.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)
const other = padded(png(32), 500)
const HOUR = 3600
const DAY = 24 * HOUR

async function start(t: Test, environment: Record<string, string> = {}) {
  const app = await startApp(t, environment)
  const clock = await startClock(t, app.databaseUrl)
  const { deps, sandbox, sql } = app
  const keys = (prefix: string) => sandbox.door.list(BUCKET, prefix)
  const clean = async (t: Test) =>
    t.same(await scan(sql, sandbox.door, BUCKET, { swept: true }), [], 'the scanner finds nothing')
  const undisturbed = async () => {
    const { errors, ...swept } = await sweep(deps)
    t.same(errors, [])
    return swept
  }
  return { ...app, advance: clock.advance, sweep: undisturbed, keys, clean }
}

t.test('an upload that nobody confirmed goes when its grant and its time are over', async (t) => {
  const { ada, advance, sweep, keys, clean } = await start(t)
  const upload = await ada.sent(picture)
  t.match(await sweep(), { discarded: 0, purged: 0 }, 'not yet')
  t.equal(keys('staging/').length, 1)

  await advance(601)
  t.match(await sweep(), { discarded: 1, purged: 1, failed: 0, more: false })
  t.same(keys(''), [])
  t.match(await ada.read(upload), { state: 'expired' })
  await clean(t)
})

t.test(
  'staging goes after a confirm, an abort and a refusal, once the grant is dead',
  async (t) => {
    const { ada, advance, sweep, keys, clean } = await start(t)
    const confirmed = await ada.sent(picture)
    await ada.confirm(confirmed)
    const aborted = await ada.sent(picture)
    await ada.abort(aborted)
    const rejected = await ada.sent(Buffer.alloc(500, 'x'))
    await t.rejects(ada.confirm(rejected), { code: 'OBJECT_REJECTED' })
    await sweep()
    t.equal(keys('staging/').length, 3, 'the grant could bring them back')

    await advance(900)
    t.match(await sweep(), { discarded: 0, purged: 4, abandoned: 1 })
    t.same(keys('staging/'), [])
    t.equal(keys('avatars/').length, 1)
    t.match(await ada.read(confirmed), { state: 'confirmed' })
    t.match(await ada.read(aborted), { state: 'aborted' })
    t.match(await ada.read(rejected), { state: 'rejected' })
    await clean(t)
  }
)

t.test('a replaced picture stays until the last URL for it has died', async (t) => {
  const { ada, deps, advance, sweep, keys, clean } = await start(t)
  await ada.upload(picture)
  const { url, expiresAt } = await ada.avatar()
  await ada.upload(other)

  await advance((Date.parse(expiresAt) - Date.now()) / 1000 - 1)
  await sweep()
  t.same(await download(url), picture, 'one second before its end')
  t.equal(keys('avatars/').length, 2)

  await advance(deps.config.urlSeconds + 62)
  await sweep()
  t.equal(keys('avatars/').length, 1)
  await clean(t)
})

t.test('the copy of a confirm that died goes with its lease', async (t) => {
  const { ada, instance, sandbox, advance, sweep, keys, clean } = await start(t)
  const impatient = await instance({ S3_DEADLINE_MS: '1500', CONFIRM_DEADLINE_MS: '2000' })
  const upload = await ada.sent(picture)
  sandbox.misbehave.hang({ verb: 'CopyObject', times: 3 }, { performed: true })
  await t.rejects(impatient.ada.confirm(upload), { code: 'STORAGE_UNAVAILABLE' })
  t.ok(keys('avatars/').length > 0, 'copied, but nobody knows')
  t.match(await sweep(), { abandoned: 0 }, 'the attempt may still be alive')

  await advance(601)
  const { abandoned } = await sweep()
  t.ok(abandoned > 0)
  t.same(keys('avatars/'), [])
  await clean(t)
})

t.test(
  'F29: a key that S3 will not delete is tried again later and holds up no other',
  async (t) => {
    const { ada, bob, sql, sandbox, advance, sweep, keys, clean } = await start(t)
    const stuck = await ada.sent(picture)
    await bob.sent(picture)
    const undo = sandbox.misbehave.refuseDeleting(`staging/${stuck.id}`)
    await advance(601)
    t.match(await sweep(), { purged: 1, failed: 1 })
    t.same(keys('staging/'), [`staging/${stuck.id}`])
    t.match(await sweep(), { purged: 0, failed: 0 }, 'not again at once')

    const waits: number[] = []
    for (let attempt = 2; attempt < 10; attempt++) {
      const [row] = await sql`select extract(epoch from purge_after - now()) as seconds from uploads
      where id = ${stuck.id}`
      waits.push(Number(row!.seconds))
      await advance(waits.at(-1)! + 1)
      t.match(await sweep(), { purged: 0, failed: 1 }, `attempt ${attempt}`)
    }
    t.ok(waits[0]! <= 120 && waits[0]! > 55 && waits.at(-1)! > 1800, 'the pauses grow')
    t.ok(Math.max(...waits) <= 3840, 'but not without end')

    undo()
    await advance(2 * HOUR)
    t.match(await sweep(), { purged: 1, failed: 0 })
    await clean(t)
  }
)

t.test(
  'a store that fails as a whole: the error is told, and nothing counts as gone',
  async (t) => {
    const { ada, sql, deps, sandbox, advance, keys, clean } = await start(t)
    await ada.sent(picture)
    await advance(601)
    for (const misbehave of [
      () => sandbox.misbehave.fail('DeleteObjects', { status: 503, code: 'SlowDown' }),
      () => sandbox.misbehave.errorIn200('DeleteObjects'),
      () => sandbox.misbehave.emptyBody({ verb: 'DeleteObjects', times: 1 })
    ]) {
      misbehave()
      const { failed, purged } = await sweep(deps)
      t.same({ failed, purged }, { failed: 1, purged: 0 })
      t.same(await sql`select 1 from uploads where purged_at is not null`, [])
      sandbox.misbehave.clear()
      await advance(2 * HOUR)
    }
    sandbox.misbehave.fail('DeleteObjects', { status: 503, code: 'SlowDown' })
    t.match((await sweep(deps)).errors, [{ code: 'STORAGE_UNAVAILABLE' }])
    sandbox.misbehave.clear()
    await advance(2 * HOUR)
    t.match(await sweep(deps), { purged: 1 })
    t.same(keys(''), [])
    await clean(t)
  }
)

t.test('five janitors at once delete each key once', async (t) => {
  const { sql, deps, sandbox } = await start(t)
  await sql`insert into uploads
    (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(n::text), 'ada', 'avatar', 'image/png', 1, now() - interval '1 s', now() - interval '1 s'
    from generate_series(1, 4500) as n`
  const swept = await Promise.all([1, 2, 3, 4, 5].map(() => sweep(deps)))
  t.equal(
    swept.reduce((sum, { purged }) => sum + purged, 0),
    4500
  )
  const calls = sandbox.requests.filter(({ verb }) => verb === 'DeleteObjects')
  t.ok(calls.length >= 5 && calls.length <= 9, `${calls.length} calls of at most 1000 keys`)
})

t.test('rows go after the retention; those of live avatars stay', async (t) => {
  const { ada, user, sql, advance, sweep, clean } = await start(t, { RETENTION_DAYS: '2' })
  await ada.upload(picture)
  await ada.upload(other)
  await advance(2 * HOUR)
  t.match(await sweep(), { purged: 3, forgotten: 0 })
  await advance(DAY)
  t.match(await sweep(), { forgotten: 0 })
  await advance(DAY + 10)
  t.match(await sweep(), { forgotten: 3 })
  t.equal((await sql`select 1 from objects`).length, 1)
  t.same(await sql`select 1 from uploads`, [])
  t.same(await download((await user('ada').avatar()).url), other)
  await clean(t)
})

t.test('what a user could point at is never due, whatever its row says', async (t) => {
  const { ada, sql, sweep, keys } = await start(t)
  await ada.upload(picture)
  await sql`update objects set purge_after = now() - interval '1 day'`
  t.match(await sweep(), { purged: 0, failed: 0 })
  t.equal(keys('avatars/').length, 1)
})

t.test('a stopped sweep begins no further batch', async (t) => {
  const { ada, deps, advance, keys } = await start(t)
  await ada.sent(picture)
  await advance(601)
  t.match(await sweep(deps, { signal: AbortSignal.abort() }), { purged: 0, more: true })
  t.equal(keys('staging/').length, 1)
})

t.test('a batch has more time than one call, and why S3 refuses is told', async (t) => {
  const { user, deps, sandbox, advance } = await start(t, { S3_DEADLINE_MS: '1000' })
  await Promise.all(Array.from({ length: 60 }, (_, n) => user(`user-${n}`).createUpload(picture)))
  await advance(601)
  sandbox.misbehave.delay('DeleteObjects', 1500)
  sandbox.misbehave.refuseDeleting(/[0-7]$/, 'AccessDenied')
  const { purged, failed, refused, errors } = await sweep(deps)
  t.equal(purged + failed, 60)
  t.same([refused, errors], [failed ? { AccessDenied: failed } : {}, []])
})

t.test('a whole batch of which S3 deletes nothing ends the pass', async (t) => {
  const { sql, deps, sandbox } = await start(t)
  await sql`insert into uploads
    (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(n::text), 'ada', 'avatar', 'image/png', 1, now(), now() - interval '1 s'
    from generate_series(1, 1500) as n`
  sandbox.misbehave.refuseDeleting(/./, 'AccessDenied')
  t.match(await sweep(deps), {
    failed: 1000,
    refused: { AccessDenied: 1000 },
    errors: [{ message: 'S3 deleted nothing of a whole batch' }]
  })
})

t.test('a store that calls an absent key an error has deleted it all the same', async (t) => {
  const { ada, sandbox, advance, sweep } = await start(t)
  await ada.sent(picture)
  await advance(601)
  sandbox.misbehave.refuseDeleting(/./, 'NoSuchKey')
  t.match(await sweep(), { purged: 1, failed: 0 })
})

t.test('a store without DeleteObjects is asked for each object', async (t) => {
  const { ada, user, sandbox, advance, sweep } = await start(t)
  await ada.sent(picture)
  await user('bob').sent(picture)
  await advance(601)
  sandbox.misbehave.fail('DeleteObjects', { status: 400, code: 'NotImplemented' })
  sandbox.misbehave.fail({ verb: 'DeleteObject', times: 1 }, { code: 'AccessDenied' })
  t.match(await sweep(), { purged: 1, failed: 1 })
})

t.test('refused keys, however many, do not end a gentle pass before a thousand', async (t) => {
  const { sql, deps, sandbox } = await start(t)
  await sql`insert into uploads
    (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(n::text), 'ada', 'avatar', 'image/png', 1, now(), now() - make_interval(secs => 1000 - n)
    from generate_series(1, 900) as n`
  const last = await sql`select id from uploads order by purge_after desc limit 100`
  const refused = await sql`select id from uploads order by purge_after limit 800`
  const ids = new Set(refused.map(({ id }) => id))
  sandbox.misbehave.refuseDeleting(new RegExp([...ids].join('|')), 'AccessDenied')
  t.match(await sweep(deps, { pace: { keys: 200, rest: 0 } }), {
    purged: last.length,
    failed: 800,
    errors: []
  })
})
