// Confirm: what was declared and sent becomes the avatar, once, and nothing else does; on any store.

import type { Test } from 'tap'

import type { Avatar } from '../../src/avatars/read.ts'
import { inspect } from '../../src/images/inspect.ts'
import { BUCKET } from './app.ts'
import { objectBytes, padded, png } from './pictures.ts'
import { download, send } from './send.ts'
import { honest, type Store, startStore } from './stores.ts'

const picture = padded(png(64), 400)
const other = padded(png(64, { colour: 'red' }), 400)

export async function confirmSuite(t: Test, store: Store) {
  const test = await startStore(t, store)
  const shows = async (t: Test, avatar: Avatar, sent: Buffer, message = 'it is served') => {
    const served = await download(avatar.url)
    const { width, height } = inspect(objectBytes(served))
    t.match(avatar, { contentType: 'image/png', sizeBytes: served.length, width, height })
    t.ok(
      store.served(sent).some((bytes) => bytes.equals(served)),
      message
    )
  }

  test('a picture that was sent and confirmed is served byte for byte', async (t, { ada, bob }) => {
    const upload = await ada.createUpload(picture)
    t.match(upload, {
      id: /^[0-9a-f]{32}$/,
      state: 'open',
      request: { method: store.environment ? 'PUT' : 'POST' }
    })
    t.ok((await ada.send(upload, picture)).ok)

    const { upload: confirmed, avatar } = await ada.confirm(upload)

    t.match(confirmed, { id: upload.id, state: 'confirmed', reasons: null })
    await shows(t, avatar, picture)
    t.same(await ada.avatar(), avatar)
    t.same(await bob.avatar('ada'), avatar, 'anybody with a token may read it')
  })

  test('a confirmed picture of 5 MiB is served byte for byte', async (t, { ada }) => {
    const large = padded(picture, 5 * 1024 * 1024)
    const { avatar } = await ada.upload(large)
    await shows(t, avatar, large)
  })

  test('no answer shows where an object is kept, but for its signed URL', async (t, {
    ada,
    sandbox
  }) => {
    const { upload, avatar } = await ada.upload(picture)
    const [key = ''] = sandbox.door.list(BUCKET, 'avatars/')
    const { url, ...rest } = avatar
    t.ok(url.includes(key))
    t.notMatch(
      JSON.stringify({ upload, rest, read: await ada.read(upload) }),
      /avatars\/|staging\//
    )
  })

  test('confirming again gives the same answer and copies nothing', async (t, { ada, sandbox }) => {
    const upload = await ada.sent(picture)
    const first = await ada.confirm(upload)
    t.same(await ada.confirm(upload), first)
    t.same(await ada.confirm(upload), first)
    t.equal(sandbox.door.list(BUCKET, 'avatars/').length, 1)
  })

  const crowd = store === honest ? 100 : 12 // time; the race is the same
  test(`${crowd} confirms at once over three instances: one live object`, async (t, {
    ada,
    instance,
    sql
  }) => {
    const others = [await instance(), await instance()]
    const everywhere = [ada, ...others.map((other) => other.ada)]
    await ada.upload(other)
    const upload = await ada.sent(picture)

    const confirms = Array.from({ length: crowd }, (_, i) => everywhere[i % 3]!.confirm(upload))
    const answers = await Promise.all(confirms)

    for (const answer of answers) t.same(answer, answers[0])
    const live = await sql`select key from objects where live`
    t.equal(live.length, 1)
    await shows(t, answers[0]!.avatar, picture)
  })

  test('uploads of one user confirmed together leave one live object', async (t, { ada, sql }) => {
    const uploads = await Promise.all(Array.from({ length: 8 }, () => ada.sent(picture)))
    await Promise.all(uploads.map((upload) => ada.confirm(upload)))
    const live = await sql`select key from objects where live`
    const referenced = await sql`select avatar_key as key from users where id = 'ada'`
    t.same(live, referenced)
    const discarded = await sql`select key from objects where discarded_at is not null`
    t.equal(discarded.length, 7)
  })

  test('confirming before any bytes arrived can be tried again', async (t, { ada, sql }) => {
    const upload = await ada.createUpload(picture)
    await t.rejects(ada.confirm(upload), { status: 409, code: 'OBJECT_MISSING' })
    t.same(await sql`select 1 from objects`, [], 'polling leaves no rows behind')
    await ada.send(upload, picture)
    t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })
  })

  test("somebody else's upload is as absent as an unknown one", async (t, { ada, bob }) => {
    const upload = await ada.sent(picture)
    const unknown = { id: 'f'.repeat(32) }
    for (const call of [bob.confirm, bob.read, bob.abort]) {
      const told = (await call(upload).catch((err: Error) => err)) as Error
      const same = (await call(unknown).catch((err: Error) => err)) as Error
      t.match(told, { status: 404, code: 'UPLOAD_NOT_FOUND' })
      t.equal(told.message, same.message)
    }
    await t.rejects(bob.confirm({ id: '..%2f..%2favatars' }), { code: 'UPLOAD_NOT_FOUND' })
    await ada.confirm(upload)
  })

  test('an aborted upload cannot be confirmed, a confirmed one not aborted', async (t, { ada }) => {
    const aborted = await ada.sent(picture)
    await ada.abort(aborted)
    await ada.abort(aborted)
    t.match(await ada.read(aborted), { state: 'aborted' })
    await t.rejects(ada.confirm(aborted), { status: 409, code: 'UPLOAD_ABORTED' })

    const confirmed = await ada.sent(picture)
    await ada.confirm(confirmed)
    await t.rejects(ada.abort(confirmed), { status: 409, code: 'UPLOAD_CONFIRMED' })
    await shows(t, await ada.avatar(), picture)
  })

  for (const verb of ['HeadObject', 'CopyObject', 'GetObject'] as const) {
    test(`an abort during ${verb} wins over the confirm that is under way`, async (t, {
      ada,
      sandbox
    }) => {
      const upload = await ada.sent(picture)
      sandbox.misbehave.before({ verb, times: 1 }, () => ada.abort(upload) as Promise<void>)
      await t.rejects(ada.confirm(upload), { status: 409, code: 'UPLOAD_ABORTED' })
      await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
    })
  }

  test('expiry is judged by the clock of the database', async (t, { ada, clock, sql }) => {
    const upload = await ada.sent(picture)
    clock.now = () => new Date(Date.now() + 86_400_000)
    t.match(await ada.read(upload), { state: 'open' }, "the process's clock does not matter")
    await sql`update uploads set expires_at = now()`
    t.match(await ada.read(upload), { state: 'expired' })
    await t.rejects(ada.confirm(upload), { status: 410, code: 'UPLOAD_EXPIRED' })
    await ada.abort(upload)
    t.match(await ada.read(upload), { state: 'expired' })
  })

  test('an upload that expires while it is confirmed stays expired', async (t, {
    ada,
    sandbox,
    sql
  }) => {
    const upload = await ada.sent(picture)
    sandbox.misbehave.before({ verb: 'GetObject', times: 1 }, async () => {
      await sql`update uploads set expires_at = now()`
    })
    await t.rejects(ada.confirm(upload), { status: 410, code: 'UPLOAD_EXPIRED' })
    await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  })

  test('an attempt whose lease the janitor took does not commit; the next one does', async (t, {
    ada,
    sandbox,
    sql
  }) => {
    const upload = await ada.sent(picture)
    sandbox.misbehave.before({ verb: 'GetObject', times: 1 }, async () => {
      await sql`update objects set discarded_at = now(), purge_after = now()`
    })
    await t.rejects(ada.confirm(upload), { status: 503, code: 'CONFIRM_INTERRUPTED' })
    t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })
  })

  test('a user who is gone when the confirm commits gets no avatar', async (t, {
    ada,
    sandbox,
    sql
  }) => {
    const upload = await ada.sent(picture)
    sandbox.misbehave.before({ verb: 'GetObject', times: 1 }, async () => {
      await sql`delete from users where id = 'ada'`
    })
    await t.rejects(ada.confirm(upload), { status: 404, code: 'UPLOAD_NOT_FOUND' })
    t.same(await sql`select 1 from objects where live`, [])
  })

  test('a copy that failed and lands later cannot touch what was verified', async (t, {
    ada,
    sandbox
  }) => {
    const upload = await ada.sent(picture)
    sandbox.misbehave.fail({ verb: 'CopyObject', times: 2 }, { status: 500, code: 'InternalError' })
    const { avatar } = await ada.confirm(upload)

    const copies = sandbox.requests
      .filter(({ verb }) => verb === 'CopyObject')
      .map(({ key }) => key)
    t.equal(new Set(copies).size, 3, 'every copy has a key of its own')
    for (const key of copies.slice(0, 2)) await sandbox.door.put(BUCKET, key, '<script>')
    await shows(t, avatar, picture)
  })

  test('an upload that is aborted between two tries of its copy is not confirmed', async (t, {
    ada,
    sandbox
  }) => {
    const upload = await ada.sent(picture)
    sandbox.misbehave.fail({ verb: 'CopyObject', times: 1 }, { status: 500, code: 'InternalError' })
    sandbox.misbehave.before(
      { verb: 'CopyObject', times: 1 },
      () => ada.abort(upload) as Promise<void>
    )
    await t.rejects(ada.confirm(upload), { status: 409, code: 'UPLOAD_ABORTED' })
  })

  test('a replayed grant changes nothing that was confirmed', async (t, { ada }) => {
    const upload = await ada.sent(store.once ? picture : other)
    t.equal((await ada.send(upload, store.once ? other : picture)).ok, !store.once)
    const { avatar } = await ada.confirm(upload)
    await shows(t, avatar, picture, 'replayed before: the last bytes that S3 took count')

    t.equal((await send(upload.request, other)).ok, !store.once)

    await shows(t, avatar, picture)
    t.same(await ada.confirm(upload), { upload: (await ada.confirm(upload)).upload, avatar })
    await shows(t, await ada.avatar(), picture)
  })

  test('a replaced picture is served until its last URL has died', async (t, {
    ada,
    deps,
    sql
  }) => {
    const first = await ada.sent(picture)
    const { avatar } = await ada.confirm(first)
    const second = await ada.upload(other)

    await shows(t, avatar, picture)
    t.same((await ada.avatar()).url, second.avatar.url)
    const [{ wait } = { wait: 0 }] = await sql`
      select extract(epoch from purge_after - discarded_at)::int as wait
      from objects where discarded_at is not null`
    t.ok(wait >= deps.config.urlSeconds && wait <= deps.config.urlSeconds + 600)
    t.match(await ada.confirm(first), { upload: { state: 'confirmed' }, avatar: null })
  })

  test('a removed avatar is gone for everybody at once', async (t, { ada, bob, user }) => {
    await ada.upload(picture)
    await t.rejects(bob.removeAvatar('ada'), { status: 403, code: 'FORBIDDEN' })
    await ada.removeAvatar()
    await ada.removeAvatar()
    await t.rejects(bob.avatar('ada'), { status: 404, code: 'AVATAR_NOT_FOUND' })

    await ada.upload(picture)
    await user('moderator', { scope: 'something avatars:admin' }).removeAvatar('ada')
    await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  })
}
