// A confirm has one deadline over all its steps: past it, none is begun any more.

import t from 'tap'

import { inspect } from '../src/images/inspect.ts'
import { claim } from '../src/uploads/claim.ts'
import { commit } from '../src/uploads/commit.ts'
import { reject } from '../src/uploads/reject.ts'
import { BUCKET, startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)
const whole = { head: picture, tail: picture, sizeBytes: picture.length }

t.test('each step is quick enough, all of them are not', async (t) => {
  const { ada, sandbox, sql, instance } = await startApp(t, { CONFIRM_DEADLINE_MS: '500' })
  const patient = await instance({ CONFIRM_DEADLINE_MS: '20000' })
  const upload = await ada.sent(picture)
  sandbox.misbehave.delay('HeadObject', 200)
  sandbox.misbehave.delay('CopyObject', 200)
  sandbox.misbehave.delay('GetObject', 300)
  await t.rejects(ada.confirm(upload), { status: 503, code: 'STORAGE_UNAVAILABLE' })
  t.same(await sql`select 1 from objects where verified_at is not null`, [])
  sandbox.misbehave.clear()
  t.same(await download((await patient.ada.confirm(upload)).avatar.url), picture)
})

t.test('F38: no further copy is begun', async (t) => {
  const { ada, sandbox } = await startApp(t, { CONFIRM_DEADLINE_MS: '300' })
  const upload = await ada.sent(picture)
  sandbox.misbehave.delay('CopyObject', 400)
  await t.rejects(ada.confirm(upload), { status: 503, code: 'STORAGE_UNAVAILABLE' })
  const copies = () => sandbox.requests.filter(({ verb }) => verb === 'CopyObject').length
  await new Promise((done) => setTimeout(done, 1000))
  t.equal(copies(), 1)
  t.ok(sandbox.door.list(BUCKET, 'avatars/').length <= 1)
})

t.test('nothing is committed or refused', async (t) => {
  const { ada, deps } = await startApp(t)
  const { id } = await ada.sent(picture)
  const late = { ...deps, signal: AbortSignal.abort() }
  const claimed = await claim(late, 'ada', id)
  const seen = inspect(whole)
  const given = { code: 'CONFIRM_INTERRUPTED' }
  await t.rejects(commit(late, claimed, seen), given)
  const reasons = [{ code: 'TRUNCATED', declared: 'whole', found: 'half' } as const]
  await t.rejects(reject(late, claimed, reasons), given)
  t.match(await ada.read({ id }), { state: 'open' })
})
