// Erasing a user: nothing stays visible, whatever was under way, and old tokens bring nothing back.

import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { sweep } from '../src/janitor/sweep.ts'
import { eraseUser } from '../src/users/erase.ts'
import { BUCKET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { scan } from './support/scanner.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)
const other = padded(png(32), 500)
const DAY = 24 * 3600

async function start(t: Test, environment = {}) {
  const app = await startApp(t, environment)
  const { advance } = await startClock(t, app.databaseUrl)
  const { sandbox, sql, deps } = app
  const keys = (prefix = '') => sandbox.door.list(BUCKET, prefix)
  const goes = async (t: Test) => {
    await advance(2 * 3600)
    await sweep(deps)
    t.same(keys(), [], 'the bytes went within the bound')
    t.same(await scan(sql, sandbox.door, BUCKET, { swept: true }), [])
  }
  return { ...app, advance, keys, goes }
}

t.test('signed URLs die at once, of the present picture and of replaced ones', async (t) => {
  const { ada, bob, admin, keys, goes } = await start(t)
  const urls = [(await ada.upload(other)).avatar.url, (await ada.upload(picture)).avatar.url]
  const kept = (await bob.upload(picture)).avatar.url
  await ada.sent(picture)
  await admin.erase('ada')
  for (const url of urls) t.equal((await fetch(url)).status, 404)
  t.same(await download(kept), picture, "somebody else's stays")
  await t.rejects(ada.avatar(), { status: 404, code: 'AVATAR_NOT_FOUND' })
  await admin.erase('ada')
  await admin.erase('bob')
  await admin.erase('nobody-knows-them')
  t.same(keys('avatars/'), [])
  await goes(t)
})

t.test('only with the scope', async (t) => {
  const { ada, bob, user } = await start(t)
  await ada.upload(picture)
  for (const somebody of [ada, bob, user('eve', { scope: 'avatars:administrator' })]) {
    await t.rejects(somebody.erase('ada'), { status: 403, code: 'FORBIDDEN' })
  }
  t.match(await ada.avatar(), { width: 64 })
})

t.test('a token issued before creates nothing any more, a later one does', async (t) => {
  const { ada, admin, user, advance, sql } = await start(t)
  await ada.upload(picture)
  await admin.erase('ada')
  const refused = { status: 401, code: 'USER_ERASED' }
  await t.rejects(ada.createUpload(picture), refused)
  await advance(2)
  const again = user('ada')
  await again.upload(other)
  t.same(await download((await again.avatar()).url), other)
  await t.rejects(ada.createUpload(picture), refused, 'the old one still does not')
  t.equal((await sql`select 1 from users where erased_at is not null`).length, 1)
})

t.test('a token that does not say when it was issued counts as old', async (t) => {
  const { app, admin } = await start(t)
  await admin.erase('ada')
  for (const claims of [{}, { iat: 1e300 }]) {
    const token = app.jwt.sign({ sub: 'ada', ...claims }, { expiresIn: '1h', noTimestamp: true })
    const reply = await app.inject({
      method: 'POST',
      url: '/api/uploads',
      headers: { authorization: `Bearer ${token}` },
      payload: { purpose: 'avatar', contentType: 'image/png', sizeBytes: 1 }
    })
    t.match(reply.json(), { status: 401 }, `${reply.json().detail}`)
  }
})

t.test('a confirm in flight makes nothing visible, wherever it stands', async (t) => {
  const { user, admin, sandbox, goes } = await start(t)
  const moments = [
    ['before', 'HeadObject'],
    ['before', 'CopyObject'],
    ['after', 'CopyObject'],
    ['before', 'GetObject'],
    ['after', 'GetObject']
  ] as const
  for (const [when, verb] of moments) {
    const name = `${when}-${verb}`
    const somebody = user(name)
    const upload = await somebody.sent(picture)
    sandbox.misbehave[when]({ verb, times: 1 }, () => admin.erase(name) as Promise<void>)
    await t.rejects(somebody.confirm(upload), { code: 'UPLOAD_ABORTED' }, `${when} ${verb}`)
    await t.rejects(somebody.avatar(), { code: 'AVATAR_NOT_FOUND' })
    await t.rejects(somebody.confirm(upload), { code: 'UPLOAD_ABORTED' })
  }
  await goes(t)
})

t.test('creates and an erasure at once: whatever was created is void', async (t) => {
  const { user, admin, sql, goes } = await start(t)
  for (let round = 0; round < 5; round++) {
    const name = `racer-${round}`
    const somebody = user(name)
    const made = Array.from({ length: 8 }, () => somebody.createUpload(picture).catch(() => null))
    const erased = admin.erase(name)
    const created = await Promise.all(made)
    await erased
    for (const upload of created.filter((upload) => upload !== null)) {
      await somebody.send(upload, picture)
      await t.rejects(somebody.confirm(upload), { code: 'UPLOAD_ABORTED' })
    }
    t.same(await sql`select 1 from uploads where user_id = ${name} and discarded_at is null`, [])
  }
  await goes(t)
})

t.test('while S3 is away the user is erased, and 503 says that bytes may remain', async (t) => {
  const { ada, admin, sandbox, goes } = await start(t)
  const { url } = (await ada.upload(picture)).avatar
  sandbox.misbehave.fail({ verb: 'DeleteObjects' }, { status: 503, code: 'SlowDown' })
  await t.rejects(admin.erase('ada'), { status: 503, code: 'STORAGE_UNAVAILABLE' })
  await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  sandbox.misbehave.clear()
  const undo = sandbox.misbehave.refuseDeleting(/^avatars/)
  await t.rejects(admin.erase('ada'), { status: 503, code: 'STORAGE_UNAVAILABLE' })
  undo()
  await admin.erase('ada')
  t.equal((await fetch(url)).status, 404, 'repeated, it is tried again at once')
  await goes(t)
})

t.test('the tombstone goes in its time, unless the user came back', async (t) => {
  const longest = { JWT_MAX_LIFETIME_SECONDS: `${90 * DAY}` }
  const { ada, app, bob, user, admin, deps, sql, advance } = await start(t, longest)
  const old = app.jwt.sign({ sub: 'ada' }, { expiresIn: '90d' })
  await ada.upload(picture)
  await bob.upload(picture)
  await admin.erase('ada')
  await admin.erase('bob')
  await advance(2)
  await user('bob').upload(other)
  await advance(DAY)
  await sweep(deps)
  t.equal((await sql`select 1 from users`).length, 2)
  await advance(88 * DAY)
  await sweep(deps)
  const reply = await app.inject({
    method: 'POST',
    url: '/api/uploads',
    headers: { authorization: `Bearer ${old}` },
    payload: { purpose: 'avatar', contentType: 'image/png', sizeBytes: 1 }
  })
  t.match(reply.json(), { code: 'USER_ERASED' })
  await advance(2 * DAY)
  t.match(await sweep(deps), { errors: [] })
  t.same(await sql`select id, erased_at from users`, [{ id: 'bob', erased_at: null }])
  t.same(await download((await user('bob').avatar()).url), other)
})

t.test('a user who comes back while the tombstone is removed stays known', async (t) => {
  const { admin, deps, sql, advance } = await start(t)
  await admin.erase('ada')
  await advance(91 * DAY)
  let sweeping: ReturnType<typeof sweep> | undefined
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('directo:uploads:ada', 0))`
    await tx`insert into uploads
      (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
      values (${'a'.repeat(32)}, 'ada', 'avatar', 'image/png', 1, now() + '1 h', now() + '1 h')`
    sweeping = sweep(deps)
    const waiting = () => sql`select 1 from pg_locks where locktype = 'advisory' and not granted`
    while ((await waiting()).length === 0) await sleep(10)
  })
  t.same((await sweeping)?.errors, [])
  t.equal((await sql`select 1 from users`).length, 1)
})

t.test('a sweep that takes the objects first and dies delays no erasure', async (t) => {
  const { ada, deps } = await start(t)
  const { url } = (await ada.upload(picture)).avatar
  const taken = () =>
    new Promise<unknown>((done) => {
      const dying = () => new Promise<never>(() => done(null))
      sweep({ ...deps, bucket: { ...deps.bucket, delete: dying } }).then(done)
    })
  const db = new Proxy(deps.db, {
    get: (db, name) => (name === 'transaction' ? transaction : Reflect.get(db, name))
  })
  const transaction: typeof deps.db.transaction = async (work) => {
    const result = await deps.db.transaction(work)
    await taken()
    return result
  }
  await eraseUser({ ...deps, db }, 'ada')
  t.equal((await fetch(url)).status, 404)
})

t.test('a user who is erased again while the tombstone is removed stays erased', async (t) => {
  const { admin, user, deps, sql, advance } = await start(t)
  await admin.erase('ada')
  await advance(91 * DAY)
  const between = user('ada')
  await advance(2)
  let sweeping: ReturnType<typeof sweep> | undefined
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('directo:uploads:ada', 0))`
    await tx`update users set erased_at = clock_timestamp() where id = 'ada'`
    sweeping = sweep(deps)
    const waiting = () => sql`select 1 from pg_locks where locktype = 'advisory' and not granted`
    while ((await waiting()).length === 0) await sleep(10)
  })
  t.same((await sweeping)?.errors, [])
  await t.rejects(between.createUpload(picture), { code: 'USER_ERASED' })
})
