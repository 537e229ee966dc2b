// Reconcile: what no row knows goes, what a row points at is looked for, in any number of pages.

import t, { type Test } from 'tap'

import { adoptBucket } from '../src/janitor/label.ts'
import { type Finding, type ReconcileOptions, reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { newId } from '../src/keys.ts'
import { BUCKET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)
const DAY = 24 * 3600

async function start(t: Test, environment: Record<string, string> = {}) {
  const app = await startApp(t, environment)
  const clock = await startClock(t, app.databaseUrl)
  const { deps, sandbox } = app
  const keys = (prefix = '') => sandbox.door.list(BUCKET, prefix)
  const put = (...names: string[]) =>
    Promise.all(names.map((key) => sandbox.door.put(BUCKET, key, 'x')))
  await adoptBucket(deps)
  const findings: Finding[] = []
  const reconciled = (options: ReconcileOptions = {}) =>
    reconcile(deps, { report: (finding) => findings.push(finding), ...options })
  return { ...app, advance: clock.advance, keys, put, findings, reconciled }
}

t.test('objects that no row knows go after the grace time, all others stay', async (t) => {
  const { ada, bob, advance, keys, put, reconciled, findings } = await start(t)
  const odd = ['avatars/', 'avatars/Ä & ü.png', 'avatars/\u0001', 'staging/a+b c', 'staging/%2F']
  const strays = [`staging/${newId()}`, `avatars/${newId()}`, ...odd]
  await put(...strays, 'elsewhere/keep', 'avatarsX')
  await ada.upload(picture)
  const open = await bob.sent(picture)
  t.match(await reconciled(), { strays: 0, dangling: 0 }, 'too young')

  await advance(DAY)
  await put(`avatars/${'f'.repeat(32)}`)
  t.same(await reconciled(), {
    listed: strays.length + 4,
    strays: strays.length,
    removed: strays.length,
    dangling: 0,
    complete: true
  })
  t.same(findings.map((finding) => 'stray' in finding && finding.stray).sort(), strays.sort())
  t.equal(keys('avatars/').length, 2, 'the live one and the young one')
  t.same(keys('staging/').length, 2, "ada's is known to be due, bob's upload still says it is open")
  t.ok(keys().includes(`staging/${open.id}`) && keys().includes('elsewhere/keep'))
})

t.test('bytes that land after the purge are found', async (t) => {
  const { ada, deps, sandbox, advance, keys, reconciled } = await start(t)
  const upload = await ada.sent(picture)
  await ada.confirm(upload)
  await advance(601)
  await sweep(deps)
  t.same(keys('staging/'), [])
  await sandbox.door.put(BUCKET, `staging/${upload.id}`, picture)
  await advance(DAY)
  t.match(await reconciled(), { strays: 1, removed: 1 })
  t.same(keys('staging/'), [])
})

t.test('a dry run names what it would remove, and removes nothing', async (t) => {
  const { advance, put, keys, reconciled, findings } = await start(t)
  const stray = `avatars/${newId()}`
  await put(stray)
  await advance(DAY)
  t.match(await reconciled({ dryRun: true }), { strays: 1, removed: 0 })
  t.same(findings, [{ stray, removed: false }])
  t.same(keys('avatars/'), [stray])
  t.match(await reconciled(), { strays: 1, removed: 1 }, 'and does not count as a real one')
})

t.test('users whose picture is gone are named and left alone', async (t) => {
  const { ada, bob, user, sandbox, sql, keys, reconciled, findings } = await start(t)
  for (const somebody of [ada, bob, user('cleo')]) await somebody.upload(picture)
  const [row] = await sql`select avatar_key as key from users where id = 'bob'`
  sandbox.door.delete(BUCKET, row!.key)
  t.match(await reconciled(), { strays: 0, dangling: 1 })
  t.same(findings, [{ dangling: { userId: 'bob', key: row!.key } }])
  const [after] = await sql`select avatar_key as key from users where id = 'bob'`
  t.same(after, row)

  for (const key of keys('avatars/')) sandbox.door.delete(BUCKET, key)
  t.match(await reconciled(), { dangling: 3 }, 'also when nothing is listed at all')
})

t.test('a picture that is committed or replaced meanwhile does not dangle', async (t) => {
  const { ada, bob, sandbox, sql, reconciled } = await start(t)
  await ada.upload(picture)
  const [row] = await sql`select avatar_key as key from users where id = 'ada'`
  sandbox.door.delete(BUCKET, row!.key)
  let listed = 0
  sandbox.misbehave.after('ListObjectsV2', async () => {
    if (++listed === 2) await bob.upload(picture)
  })
  const replace = () => ada.upload(picture) as Promise<unknown> as Promise<void>
  sandbox.misbehave.before({ verb: 'HeadObject', key: row!.key, times: 1 }, replace)
  t.match(await reconciled(), { dangling: 0 })
})

t.test('many pages, stopped after each: every key is looked at once', async (t) => {
  const { sql, sandbox, advance, keys, reconciled } = await start(t)
  const count = 2500
  const all = Array.from({ length: count }, () => `avatars/${newId()}`)
  for (const key of all) await sandbox.door.put(BUCKET, key, 'x')
  await sql`insert into objects
    (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at)
    select key, 'user-' || n, 'u', 'image/png', 1, 1, 1, now()
    from unnest(${all.slice(0, 2000)}::text[]) with ordinality as known(key, n)`
  await sql`insert into users (id, avatar_key) select user_id, key from objects`
  await advance(DAY)
  sandbox.door.delete(BUCKET, all[0]!)

  const steps = []
  do {
    const stopping = new AbortController()
    sandbox.misbehave.after('DeleteObjects', () => stopping.abort())
    steps.push(await reconciled({ signal: stopping.signal }))
    sandbox.misbehave.clear()
  } while (!steps.at(-1)!.complete && steps.length < 20)
  t.ok(steps.length >= 3, `${steps.length} steps`)
  const last = steps.at(-1)!
  t.same(last, { listed: count - 1, strays: 500, removed: 500, dangling: 1, complete: true })
  t.equal(keys('avatars/').length, 1999)
})

t.test('one walks at a time; one that died is taken over', async (t) => {
  const { sandbox, advance, reconciled } = await start(t)
  const background = { name: 'janitor', everySeconds: 3600 }
  let meanwhile: unknown
  sandbox.misbehave.before({ verb: 'ListObjectsV2', times: 1 }, async () => {
    meanwhile = await reconciled(background)
  })
  t.match(await reconciled(background), { complete: false }, 'the other prefix was taken')
  t.match(meanwhile, { complete: false })
  t.equal(await reconciled(background), null, 'not again within the hour')
  await advance(3601)
  sandbox.misbehave.fail({ verb: 'ListObjectsV2', times: 3 }, { status: 503, code: 'SlowDown' })
  await t.rejects(reconciled(background), { code: 'STORAGE_UNAVAILABLE' })
  t.match(await reconciled(background), { complete: true }, 'it let go')
})

t.test('T73: with the database of another bucket nothing is deleted', async (t) => {
  const { sql, advance, put, keys, reconciled } = await start(t)
  await reconciled()
  await sql`update installation set id = 'another'`
  await put(`avatars/${newId()}`)
  await advance(DAY)
  await t.rejects(reconciled(), { message: /names database .* but this is another/ })
  t.match(await reconciled({ dryRun: true }), { strays: 1, removed: 0 }, 'looking is allowed')
  t.equal(keys('avatars/').length, 1)
  await sql`delete from installation`
  await t.rejects(reconciled(), { message: /not migrated/ })
})

t.test('a bucket without a label is taken only if all in it is known', async (t) => {
  const { ada, app, deps, sandbox, advance, put, keys, reconciled } = await start(t)
  sandbox.door.delete(BUCKET, 'directo-label')
  await ada.upload(picture)
  const stray = `avatars/${newId()}`
  await put(stray)
  await advance(DAY)
  const ready = async () => (await app.inject('/health/ready')).statusCode
  t.equal(await ready(), 503)
  await t.rejects(reconciled(), { message: /1 of the first 2 objects in avatars.*bucket adopt/ })
  await reconciled({ dryRun: true })
  t.notOk(keys().includes('directo-label'), 'a dry run takes nothing')
  t.ok(keys().includes(stray))

  sandbox.door.delete(BUCKET, stray)
  t.match(await reconciled(), { strays: 0 })
  t.ok(keys().includes('directo-label'))
  await put(stray)
  await advance(DAY)
  t.match(await reconciled(), { strays: 1 })
  await sandbox.door.put(BUCKET, 'directo-label', 'another')
  await t.rejects(reconciled(), { message: /names something else/ })
  await adoptBucket(deps)
  t.match(await reconciled(), { complete: true })
})

t.test('when two databases take a bucket at once, the first stops', async (t) => {
  const { sandbox, reconciled } = await start(t)
  sandbox.door.delete(BUCKET, 'directo-label')
  const takeToo = () => void sandbox.door.put(BUCKET, 'directo-label', 'the other')
  sandbox.misbehave.after({ verb: 'PutObject', times: 1 }, takeToo)
  await t.rejects(reconciled(), { message: /just taken/ })
})

t.test('a label that is not ours, or a store that says too little, stops the walk', async (t) => {
  const { sandbox, put, keys, advance, reconciled } = await start(t)
  await sandbox.door.put(BUCKET, 'directo-label', 'x'.repeat(200))
  await t.rejects(reconciled(), { code: 'STORAGE_UNAVAILABLE' })
  sandbox.door.delete(BUCKET, 'directo-label')
  await put(`avatars/${newId()}`)
  await advance(DAY)
  const rewrite = (change: (body: string) => string) =>
    sandbox.misbehave.add('ListObjectsV2', {
      rewrite: (answer) => ({ ...answer, body: change(`${answer.body}`) })
    })
  for (const change of [
    () => '',
    (body: string) => body.replace(/<LastModified>.*?<\/LastModified>/g, ''),
    (body: string) => body.replaceAll('<Key>avatars/', '<Key>elsewhere/')
  ]) {
    const undo = rewrite(change)
    await t.rejects(reconciled(), { code: 'STORAGE_UNAVAILABLE' })
    undo()
  }
  t.equal(keys('avatars/').length, 1)
})

t.test('keys that nothing can hold, or S3 will not delete, stop no walk', async (t) => {
  const { sandbox, advance, put, keys, reconciled, findings } = await start(t)
  const odd = ['avatars/\u0000', 'avatars/a\u0000b', 'avatars/%', 'avatars/%2F', 'avatars/\u0001']
  const stray = `avatars/${newId()}`
  await put(...odd, stray)
  await advance(DAY)
  const refuse = (key: string | RegExp) =>
    sandbox.misbehave.fail({ verb: 'DeleteObject', key }, { status: 403, code: 'AccessDenied' })
  refuse('avatars/\u0001')
  const undo = sandbox.misbehave.refuseDeleting(stray, 'AccessDenied')
  await reconciled()
  t.same(findings.at(-1), { refused: { AccessDenied: 1 } })
  undo()
  t.match(await reconciled(), { strays: 2, removed: 1, complete: true })
  t.same(keys('avatars/'), ['avatars/\u0001'])
})

t.test('with a whole page missing, nothing on it is deleted, and the walk goes on', async (t) => {
  const { sql, put, keys, advance, reconciled, findings } = await start(t)
  await sql`insert into objects
    (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at)
    select 'avatars/' || md5(n::text), 'user-' || n, 'u', 'image/png', 1, 1, 1, now()
    from generate_series(1, 1100) as n`
  await sql`insert into users (id, avatar_key) select user_id, key from objects`
  await put(`avatars/${newId()}`)
  await advance(DAY)
  t.match(await reconciled(), { strays: 1, removed: 0, dangling: 1000, complete: true })
  t.equal(findings.length, 1001)
  t.equal(keys('avatars/').length, 1)
})

t.test(
  'told to stop in the middle of a page, it stops; one taken over writes no more',
  async (t) => {
    const { sql, sandbox, advance, reconciled } = await start(t)
    await sql`insert into objects
    (key, user_id, upload_id, content_type, size_bytes, width, height, verified_at)
    select 'avatars/' || md5(n::text), 'user-' || n, 'u', 'image/png', 1, 1, 1, now()
    from generate_series(1, 100) as n`
    await sql`insert into users (id, avatar_key) select user_id, key from objects`
    const heads = () => sandbox.requests.filter(({ verb }) => verb === 'HeadObject').length
    const stopping = new AbortController()
    sandbox.misbehave.before({ verb: 'HeadObject', times: 1 }, () => stopping.abort())
    t.match(await reconciled({ signal: stopping.signal }), { complete: false, dangling: 0 })
    t.equal(heads(), 10)

    let other: Awaited<ReturnType<typeof reconciled>> = null
    sandbox.misbehave.before({ verb: 'HeadObject', times: 1 }, async () => {
      await advance(301)
      other = await reconciled()
    })
    t.match(await reconciled(), { complete: false }, 'the first lost it')
    t.match(other, { complete: true, dangling: 100 })
    const [walk] = await sql`select dangling from walks where name = 'reconcile avatars/'`
    t.equal(Number(walk!.dangling), 100)
  }
)
