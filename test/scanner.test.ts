// The scanner and its clock: every invariant's check, seen failing on a service broken on purpose.

import t, { type Test } from 'tap'

import { sweep } from '../src/janitor/sweep.ts'
import { stagingKey } from '../src/keys.ts'
import { BUCKET, startApp } from './support/app.ts'
import * as broken from './support/broken.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { scan, watch } from './support/scanner.ts'
import { atLength } from './support/thorough.ts'

const picture = padded(png(8), 200)
const other = padded(png(8, { colour: 'red' }), 200)
const DAY = 86_400

async function start(t: Test) {
  const app = await startApp(t)
  const { advance } = await startClock(t, app.databaseUrl)
  const { sql, sandbox, deps } = app
  const { violations } = watch(sandbox, sql, BUCKET)
  const found = async (options = {}) => [
    ...(await scan(sql, sandbox.door, BUCKET, options)),
    ...violations
  ]
  const sweptClean = async () => {
    await advance(DAY)
    await sweep(deps)
    return found({ swept: true })
  }
  return { ...app, advance, found, sweptClean }
}

t.test('the clock moves Postgres, the service, the sandbox and the tokens together', async (t) => {
  const { user, sql, advance, found } = await start(t)
  const before = Date.now()
  const upload = await user('ada').createUpload(picture)

  await advance(DAY)

  t.ok(Math.abs(Date.now() - before - DAY * 1000) < 60_000)
  t.ok(new Date() instanceof Date)
  t.match(await user('ada').read(upload), { state: 'expired' })
  t.equal((await user('ada').send(upload, picture)).status, 403, 'the grant is over')
  t.match(await user('ada').upload(picture), { upload: { state: 'confirmed' } })
  const [row] = await sql`select now() - max(created_at) < '1 minute' as recent from objects`
  t.ok(row!.recent, 'defaults move as well')
  t.strictSame(await found(), [])
})

t.test('the service as it is keeps the scanner silent', async (t) => {
  const { ada, bob, admin, found, sweptClean } = await start(t)
  await ada.upload(picture)
  await ada.upload(other)
  await bob.upload(picture)
  await bob.sent(other)
  await admin.erase('bob')
  t.strictSame(await found(), [])
  t.strictSame(await sweptClean(), [])
})

t.test("I6: the user's row is taken last", atLength, async (t) => {
  const { ada, sql, deps, found } = await start(t)
  const [one, two] = await Promise.all([
    broken.copied(sql, deps, (await ada.sent(picture)).id),
    broken.copied(sql, deps, (await ada.sent(other)).id)
  ])
  const bothHaveRead = barrier(2)
  await Promise.all([one, two].map((each) => broken.commitUserLast(sql, each, bothHaveRead)))
  t.match(await found(), [/^I6: avatars\/\w+ is live, but not the avatar of ada$/])
})

t.test(
  'I1, I3: an error at COMMIT is taken for a failure, and the copy deleted',
  atLength,
  async (t) => {
    const { ada, sql, instance, databaseUrl, found } = await start(t)
    const upload = await ada.sent(picture)
    const proxy = await startProxy(t, databaseUrl)
    const { deps } = await instance({ DATABASE_URL: proxy.url })
    proxy.loseAnswerTo('commit_upload')
    await broken.confirmAndTidyUp(sql, deps, 'ada', upload.id)
    t.match(await found(), [
      /^I1: .* is not in the bucket/,
      /is live without bytes/,
      /^I3: .* deleted/
    ])
  }
)

t.test('I1, I3: the janitor purges without looking', atLength, async (t) => {
  const { ada, deps, found } = await start(t)
  await ada.upload(picture)
  await broken.purgeByAge(deps)
  t.match(await found(), [
    /^I1: .* is not in the bucket/,
    /is live without bytes/,
    /^I3: .* deleted/
  ])
})

t.test('I1: the janitor deletes what a confirm holds a lease on', atLength, async (t) => {
  const { ada, sql, deps, sandbox, found } = await start(t)
  const upload = await ada.sent(picture)
  sandbox.misbehave.after('GetObject', () => broken.purgeBeforeDiscarding(sql, deps))
  await ada.confirm(upload)
  t.match(await found(), [/^I1: .* is not in the bucket/, /is live without bytes/])
})

t.test('I4: the janitor believes that a row is as good as a deletion', atLength, async (t) => {
  const { ada, sql, found } = await start(t)
  await ada.upload(picture)
  await ada.upload(other)
  await broken.purgeOnPaper(sql)
  t.match(await found({ swept: true }), [
    /^I4: avatars\/\w+ remains$/,
    /^I4: staging\/\w+ remains/,
    /^I4: staging\/\w+ remains/
  ])
})

t.test('I4: nobody sweeps at all', atLength, async (t) => {
  const { ada, advance, sandbox, found } = await start(t)
  await ada.upload(picture)
  await ada.upload(other)
  await ada.sent(picture)
  await sandbox.door.put(BUCKET, `avatars/${'0'.repeat(32)}`, 'a stray')
  await advance(DAY)
  const sentences = await found({ swept: true })
  const end = [
    /remains$/m,
    /without a row$/m,
    /avatars\S+ is not purged$/m,
    /neither/,
    /staging\S+ is not/
  ]
  for (const wanted of end) t.match(sentences.join('\n'), wanted)
})

t.test('I8: an erasure forgets the uploads that are on their way', atLength, async (t) => {
  const { ada, sql, found } = await start(t)
  const upload = await ada.sent(picture)
  await broken.eraseAvatarOnly(sql, 'ada')
  t.match(await found(), [/^I8: upload \w+ of the erased ada is open$/])
  await ada.confirm(upload)
  t.match(await found(), [/^I8: avatars\/\w+ of the erased ada is live$/])
})

t.test(
  'I1: a confirm serves the staging key (the check on keys had to go for that)',
  atLength,
  async (t) => {
    const { ada, sql, deps, found } = await start(t)
    await sql`alter table objects drop constraint objects_key`
    const upload = await ada.sent(picture)
    const attempt = await broken.copied(sql, deps, upload.id, stagingKey(upload.id))
    await broken.commitUserLast(sql, attempt)
    t.match(await found(), [/^I1: .* can be overwritten$/])
    await ada.send(upload, Buffer.alloc(200, 'x'))
    t.match((await found())[1], /^I1: .* is no picture 0 0, verified was image\/png 8 8$/)
  }
)

t.test('I1: a confirm commits what nobody verified', atLength, async (t) => {
  const { ada, sql, deps, found } = await start(t)
  const upload = await ada.sent(Buffer.alloc(200, 'x'))
  await broken.commitUserLast(sql, await broken.copied(sql, deps, upload.id))
  t.match(await found(), [/^I1: .* is no picture 0 0, verified was image\/png 8 8$/])
})

t.test('I2: two attempts of one upload share a key', atLength, async (t) => {
  const { ada, sql, deps, found } = await start(t)
  const upload = await ada.sent(picture)
  const attempt = await broken.copied(sql, deps, upload.id, `avatars/${upload.id}`)
  await broken.commitUserLast(sql, attempt)
  t.strictSame(await found(), [])
  await ada.send(upload, other)
  await broken.copied(sql, deps, upload.id, `avatars/${upload.id}`)
  t.match(await found(), [/^I2: avatars\/\w+ was \w+ .*, now is \w+/])
})

t.test('I9: S3 is asked while a transaction is open', atLength, async (t) => {
  const { ada, sql, deps, found } = await start(t)
  await ada.upload(picture)
  let sentences: string[] = []
  await broken.askInTransaction(sql, deps, async () => {
    while (sentences.length === 0) sentences = await found()
  })
  t.match(sentences, [/^I9: \d+ is idle in a transaction after .*select id from users/s])
})

t.test('rows that Postgres itself refuses, once its constraints are gone', atLength, async (t) => {
  const { ada, bob, sql, found } = await start(t)
  await ada.upload(picture)
  await bob.upload(other)
  await sql`alter table users drop constraint users_avatar_is_live`
  await sql`alter table objects drop constraint objects_purged_discarded`
  await sql`alter table objects drop constraint objects_purgeable`
  await sql`alter table uploads drop constraint uploads_confirmed_object`
  for (const [change, wanted] of Object.entries(changes)) {
    for (const table of ['users', 'uploads', 'objects']) await sql`delete from ${sql(table)}`
    await ada.upload(picture)
    await bob.upload(other)
    t.strictSame(await found(), [])
    await sql.unsafe(change)
    t.match((await found()).join('\n'), wanted)
  }
})

const changes: Record<string, RegExp> = {
  [`update users set avatar_key = (select key from objects where user_id = 'bob')
    where id = 'ada'`]: /^I1: avatar of ada: avatars\/\w+ belongs to bob$/m,
  "update objects set discarded_at = now(), purge_after = now() where user_id = 'ada'":
    /^I1: avatar of ada: avatars\/\w+ is not live$/m,
  "delete from objects where user_id = 'ada'": /^I1: avatar of ada: no row for/m,
  "delete from uploads where user_id = 'ada'": /^I1: .* its upload is forgotten too early$/m,
  "update uploads set confirmed_at = null where user_id = 'ada'":
    /^I1: .* its upload is not confirmed$/m,
  "update uploads set user_id = 'bob'": /^I1: .* its upload belongs to bob$/m,
  "update uploads set sha256 = '0'": /^I1: .* another SHA-256 was declared$/m,
  'update objects set size_bytes = 1': /^I1: avatar of \w+: 200 bytes$/m,
  "update objects set content_type = 'image/gif'": /^I1: .* is served as image\/png$/m,
  'update objects set purged_at = now()': /^rows: avatars\/\w+ is live and purged$/m,
  "update objects set upload_id = (select id from uploads where user_id = 'ada')":
    /^rows: avatars\/\w+ and avatars\/\w+ are one upload$/m,
  'update uploads set object_key = null': /^rows: avatars\/\w+ is verified, its upload is not$/m,
  'update objects set verified_at = null': /^rows: \w+ is confirmed, avatars\/\w+ unverified$/m,
  "update uploads set object_key = (select key from objects where user_id = 'ada')":
    /^rows: \w+ claims avatars\/\w+ of another$/m
}

/** Resolves for everybody when as many have come. */
function barrier(count: number) {
  const { promise, resolve } = Promise.withResolvers<void>()
  return () => {
    count -= 1
    if (count === 0) resolve()
    return promise
  }
}
