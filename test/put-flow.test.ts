// Where the store has no POST, everything goes through PUT, by the same client and as strictly.

import t, { type Test } from 'tap'

import { sweep } from '../src/janitor/sweep.ts'
import { BUCKET, startApp, type Upload, type User } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { confirmSuite } from './support/confirm-suite.ts'
import { padded, png } from './support/pictures.ts'
import { scan } from './support/scanner.ts'
import { download, send } from './support/send.ts'
import { b2, r2, type Store } from './support/stores.ts'
import { atLength } from './support/thorough.ts'

const picture = padded(png(64), 400)
const other = padded(png(64, { colour: 'red' }), 400)
const forged = [403, 'SignatureDoesNotMatch']
const overwritten = [412, 'PreconditionFailed']
const stored = [200, '']

for (const store of [r2, b2]) {
  t.test(`${store.name}: create, send, confirm, read, replace, sweep`, async (t) => {
    const { ada, sandbox, deps, sql, user, databaseUrl } = await start(t, store)
    const { advance } = await startClock(t, databaseUrl)
    const keys = (prefix: string) => sandbox.door.list(BUCKET, prefix)

    const upload = await ada.createUpload(picture)
    t.match(upload.request, { method: 'PUT', fields: {} })
    t.same(await answer(await send(upload.request, picture)), stored)
    const { avatar } = await ada.confirm(upload)
    t.same(await download(avatar.url), picture)
    t.same(await download((await ada.avatar()).url), picture)

    await ada.upload(other)
    t.same(await download((await ada.avatar()).url), other)
    t.same(await download(avatar.url), picture, 'the first is served until its URL has ended')
    t.equal(keys('avatars/').length, 2)

    await advance(deps.config.urlSeconds + 3600)
    await sweep(deps)
    t.same(keys('staging/'), [])
    t.equal(keys('avatars/').length, 1)
    const later = await user('ada').avatar() // the earlier token has expired
    t.same(await download(later.url), other)
    t.same(await scan(sql, sandbox.door, BUCKET, { swept: true }), [])
    t.notOk(sandbox.requests.some(({ verb }) => verb === 'PostObject'))
  })

  t.test(`${store.name}: what was not declared is refused`, async (t) => {
    const { ada, sandbox } = await start(t, store)
    for (const [name, { bytes = picture, headers = {} }] of Object.entries(undeclared)) {
      const upload = await ada.createUpload(picture)
      t.same(await answer(await send(changed(upload, headers), bytes)), forged, name)
      t.same(sandbox.door.list(BUCKET, 'staging/'), [], 'nothing is stored')
      await t.rejects(ada.confirm(upload), { status: 409, code: 'OBJECT_MISSING' })
      await ada.abort(upload)
    }
    await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  })

  t.test(`${store.name}: where it lies, confirm refuses what was not declared`, async (t) => {
    const { ada, sandbox } = await start(t, store)
    sandbox.misbehave.lie('put-content-length', 'put-content-type')
    for (const [name, { bytes = picture, headers = {}, reason }] of Object.entries(undeclared)) {
      const upload = await ada.createUpload(picture)
      t.same(await answer(await send(changed(upload, headers), bytes)), stored, name)
      await isRejected(t, ada, upload, reason)
    }
    await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  })

  t.test(`${store.name}: a grant used again changes nothing that was confirmed`, async (t) => {
    const { ada } = await start(t, store)
    const upload = await ada.sent(picture)
    const again = store.once ? overwritten : stored
    t.same(await answer(await ada.send(upload, picture)), again, 'before it is confirmed')
    const confirmed = await ada.confirm(upload)

    t.same(await answer(await ada.send(upload, other)), again, 'and after')

    t.same(await ada.confirm(upload), confirmed)
    t.same(await download(confirmed.avatar.url), picture)
    t.same(await download((await ada.avatar()).url), picture)
  })

  t.test(`${store.name}: headers that anybody may add do not reach the avatar`, async (t) => {
    const { ada, sandbox } = await start(t, store)
    const encoded = await ada.createUpload(picture)
    t.same(
      await answer(await send(changed(encoded, { 'content-encoding': 'gzip' }), picture)),
      stored
    )
    await isRejected(t, ada, encoded, 'CONTENT_ENCODED')

    const upload = await ada.createUpload(picture)
    const headers = {
      'cache-control': 'public',
      'content-disposition': 'attachment; filename=virus.exe',
      'content-language': 'de',
      expires: 'Thu, 01 Jan 2099 00:00:00 GMT'
    }
    t.same(await answer(await send(changed(upload, headers), picture)), stored)
    await ada.confirm(upload)
    const [key = ''] = sandbox.door.list(BUCKET, 'avatars/')
    t.same((await sandbox.door.get(BUCKET, key))?.headers, {
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="avatar"',
      'cache-control': 'private, max-age=31536000, immutable'
    })
  })
}

t.test('the whole confirm suite where grants are PUTs', atLength, (t) => confirmSuite(t, r2))

interface Undeclared {
  bytes?: Buffer
  headers?: Record<string, string>
  /** Why confirm refuses it. */
  reason: string
}

const undeclared: Record<string, Undeclared> = {
  'a byte too many': { bytes: padded(png(64), 401), reason: 'SIZE_MISMATCH' },
  'a byte too few': { bytes: padded(png(64), 399), reason: 'SIZE_MISMATCH' },
  'another type': { headers: { 'content-type': 'text/html' }, reason: 'CONTENT_TYPE_MISMATCH' }
}

const changed = ({ request }: Upload, headers: Record<string, string>) => ({
  ...request,
  headers: { ...request.headers, ...headers }
})

async function answer(response: Response) {
  return [response.status, /<Code>(.*?)<\/Code>/.exec(await response.text())?.[1] ?? '']
}

async function isRejected(t: Test, user: User, upload: Upload, reason: string) {
  const told = await user.confirm(upload).catch((err) => err)
  t.match(told, { status: 422, code: 'OBJECT_REJECTED', reasons: [{ code: reason }] })
  t.equal(told.reasons.length, 1)
}

async function start(t: Test, store: Store) {
  const app = await startApp(t, store.environment)
  store.misbehave(app.sandbox)
  return app
}
