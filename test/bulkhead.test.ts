// F26, I12: confirms that wait for a slow S3 leave room for everybody else.

import { setTimeout as sleep } from 'node:timers/promises'

import t from 'tap'

import { openBulkhead } from '../src/limits/bulkhead.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)
const overloaded = { status: 503, code: 'OVERLOADED', retryAfterSeconds: 2 }

t.test('so many at once, as many wait, the rest is refused', async (t) => {
  const inTurn = openBulkhead(2)
  const begun: number[] = []
  const ends: (() => void)[] = []
  const run = (n: number) =>
    inTurn(`user-${n}`, async () => {
      begun.push(n)
      await new Promise<void>((done) => ends.push(done))
      if (n === 1) throw new Error('one fails')
      return n
    })
  const runs = [0, 1, 2, 3].map(run)
  const failing = t.rejects(runs[1]!, { message: 'one fails' })
  await t.rejects(run(4), overloaded)
  t.same(begun, [0, 1])
  ends[1]!()
  await failing
  t.same(begun, [0, 1, 2], 'the first who waits')
  ends[0]!()
  t.equal(await runs[0], 0)
  await sleep(0)
  t.same(begun, [0, 1, 2, 3])
  ends[2]!()
  ends[3]!()
  t.same(await Promise.all([runs[2], runs[3]]), [2, 3])
  t.equal(await inTurn('ada', async () => 'again'), 'again')
})

t.test('nobody waits for ever, and a place that was given up is no place', async (t) => {
  const inTurn = openBulkhead(1, 20)
  let end = () => {}
  const first = inTurn('ada', () => new Promise<void>((done) => (end = done)))
  await t.rejects(
    inTurn('bob', async () => t.fail('begun')),
    overloaded
  )
  await t.rejects(
    inTurn('bob', async () => t.fail('begun')),
    overloaded,
    'there was room to wait'
  )
  end()
  await first
  t.equal(await inTurn('ada', async () => 'again'), 'again')
})

t.test('one caller has an eighth of the places, and of the room to wait', async (t) => {
  const inTurn = openBulkhead(16, 100)
  const begun: string[] = []
  const ends: (() => void)[] = []
  const run = (who: string) =>
    inTurn(who, () => {
      begun.push(who)
      return new Promise<void>((done) => ends.push(done))
    })
  const ada = Array.from({ length: 4 }, () => run('ada'))
  await t.rejects(run('ada'), { code: 'RATE_LIMITED', message: 'More than 2 at once.' })
  const bob = [run('bob'), run('bob')]
  t.same(begun, ['ada', 'ada', 'bob', 'bob'])
  ends[2]!()
  await bob[0]
  t.equal(begun.length, 4, 'the place of another is not for who has their share')
  ends[0]!()
  await ada[0]
  t.equal(begun.length, 5)
  await t.rejects(ada[3]!, { status: 429, code: 'RATE_LIMITED' })
  for (const end of ends) end()
  await Promise.all([...ada.slice(0, 3), ...bob])
})

t.test('with a slow S3, what is too much is refused and reads go on', async (t) => {
  const settings = { CONFIRMS_AT_ONCE: '1', S3_DEADLINE_MS: '60000', CONFIRM_DEADLINE_MS: '60000' }
  const { ada, bob, user, sandbox, sql } = await startApp(t, settings)
  const cy = user('cy')
  await cy.upload(picture)
  const [first, second, third] = [
    await ada.sent(picture),
    await bob.sent(picture),
    await cy.sent(picture)
  ]
  const { promise: slow, resolve: go } = Promise.withResolvers<void>()
  sandbox.misbehave.before({ verb: 'CopyObject', times: 1 }, () => slow)
  const held = ada.confirm(first)
  const waiting = bob.confirm(second).catch((err) => err)
  await t.rejects(cy.confirm(third), { status: 503, code: 'OVERLOADED' })
  await cy.avatar()
  await cy.abort(await cy.createUpload(picture))
  t.same(await sql`select 1 from objects where upload_id = ${third.id}`, [], 'nothing is claimed')
  go()
  t.match(await held, { upload: { state: 'confirmed' } })
  await waiting // as long as it could
  for (const [somebody, upload] of [
    [bob, second],
    [cy, third]
  ] as const) {
    t.match(await somebody.confirm(upload), { upload: { state: 'confirmed' } })
  }
})

t.test(
  'T46: who repeats slow confirms takes a share of the places, and nobody else waits',
  async (t) => {
    const settings = {
      CONFIRMS_AT_ONCE: '8',
      S3_DEADLINE_MS: '60000',
      CONFIRM_DEADLINE_MS: '60000'
    }
    const { ada, bob, sandbox } = await startApp(t, settings)
    const [slow, quick] = [await ada.sent(picture), await bob.sent(picture)]
    const { promise: stopped, resolve: go } = Promise.withResolvers<void>()
    const key = `staging/${slow.id}`
    sandbox.misbehave.add({ verb: 'HeadObject', key }, { before: () => stopped })
    const flood = Array.from({ length: 16 }, () => ada.confirm(slow).catch((err) => err))
    t.match(await Promise.race(flood), { status: 429, code: 'RATE_LIMITED', detail: /at once/ })
    t.match(await bob.confirm(quick), { upload: { state: 'confirmed' } })
    go()
    const confirmed = (await Promise.all(flood)).filter(
      ({ upload }) => upload?.state === 'confirmed'
    )
    t.ok(confirmed.length >= 1)
  }
)

t.test('T46: confirms of nothing take a place for as long as they ask S3', async (t) => {
  const { ada, bob, sandbox } = await startApp(t, { CONFIRMS_AT_ONCE: '64' })
  const quick = await bob.sent(picture)
  const { promise: stopped, resolve: go } = Promise.withResolvers<void>()
  let looked = 0
  const undo = sandbox.misbehave.add(
    { verb: 'HeadObject', key: /a{20}$/ },
    {
      before: () => {
        looked++
        return stopped
      }
    }
  )
  const nothing = Array.from({ length: 120 }, (_, n) =>
    ada.confirm({ id: `0${n}`.padEnd(32, 'a') }).catch(({ code }) => code)
  )
  const answers = await Promise.all(nothing)
  t.equal(answers.filter((code) => code === 'UPLOAD_NOT_FOUND').length, 8, 'at once, without S3')
  t.ok(looked <= 8, `${looked} of 100 connections`)
  t.match(await bob.confirm(quick), { upload: { state: 'confirmed' } })
  undo()
  go()
})
