// Credentials at hand: asked for seldom, renewed early, and honest when there are no better ones.

import { S3Client } from '@aws-sdk/client-s3'
import t from 'tap'

import { openClients } from '../src/s3/client.ts'
import { type Credentials, holdCredentials, type Provider } from '../src/s3/credentials.ts'
import { lifeProblem, tooShort } from '../src/s3/lifetime.ts'
import { storeOf } from '../src/stores.ts'

const START = Date.UTC(2100, 0, 1) // the SDK looks at the real clock
const MINUTE = 60_000
const at = (minutes: number) => new Date(START + minutes * MINUTE)
const named = (accessKeyId: string, endsAtMinute?: number): Credentials => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(endsAtMinute !== undefined && { expiration: at(endsAtMinute) })
})

/** Answers one call after the other; the last answer stands. */
function providerOf(...answers: (Credentials | Error | 'never')[]) {
  const calls: boolean[] = []
  const provide = async (options?: { forceRefresh?: boolean }) => {
    calls.push(options?.forceRefresh === true)
    const answer = answers[Math.min(calls.length, answers.length) - 1]!
    if (answer instanceof Error) throw answer
    return answer === 'never' ? new Promise<never>(() => {}) : answer
  }
  const get = holdCredentials(provide as Provider)
  // URLs of an hour: half an hour must be left of them.
  const ask = (minute: number) => get({ now: at(minute), ms: 30 * MINUTE, deadlineMs: 100 })
  const id = async (minute: number) => (await ask(minute)).accessKeyId
  return { calls, provide, ask, id }
}

t.test('those without an end are asked for once, and are then there at once', async (t) => {
  const { ask, id, calls } = providerOf(named('a'), named('b'))
  t.equal(await id(0), 'a')
  t.notOk(ask(1) instanceof Promise, 'without waiting')
  t.equal(await id(1_000_000), 'a')
  t.same(calls, [false])
})

t.test('temporary ones are renewed when less than a window and a minute is left', async (t) => {
  const { ask, id, calls } = providerOf(named('a', 60), named('b', 120))
  t.equal(await id(0), 'a')
  t.notOk(ask(29) instanceof Promise)
  t.equal(await id(29.01), 'b')
  t.same(calls, [false, true], 'new ones are demanded')
  t.notOk(ask(89) instanceof Promise)
})

t.test('those the SDK has kept are renewed at once if they end too early', async (t) => {
  const { id, calls } = providerOf(named('a', 20), named('b', 120))
  t.equal(await id(0), 'b')
  t.same(calls, [false, true])
})

t.test('many who ask at one moment cause one call', async (t) => {
  const { id, calls } = providerOf(named('a', 60), named('b', 120))
  const all = (minute: number) => Promise.all(Array.from({ length: 50 }, () => id(minute)))
  t.same(new Set(await all(0)), new Set('a'))
  t.same(new Set(await all(40)), new Set('b'))
  t.same(calls, [false, true])
})

t.test('when there are none better, those at hand do, asked about every ten seconds', async (t) => {
  for (const answer of [named('a', 60), named('old', 10), new Error('away'), 'never'] as const) {
    const { ask, id, calls } = providerOf(named('a', 60), answer)
    await id(0)
    t.equal(await id(40), 'a')
    t.notOk(ask(40 + 9 / 60) instanceof Promise, 'not again so soon')
    t.same(calls, [false, true])
    t.equal(await id(40 + 10 / 60), 'a')
    t.same(calls, [false, true, true])
  }
})

t.test('a clock that is set back does not keep us from asking', async (t) => {
  const { id, calls } = providerOf(named('a', 60))
  await id(0)
  await id(58)
  await id(40)
  t.same(calls, [false, true, true])
})

t.test('a minute before their end they are not used, and others are, once they come', async (t) => {
  const { id, calls } = providerOf(named('a', 60), new Error('away'), named('b', 120))
  await id(0)
  await t.rejects(id(59), /away/)
  t.equal(await id(59.01), 'b', 'asked again at once')
  t.same(calls, [false, true, true])

  const same = providerOf(named('a', 60))
  await same.id(0)
  await t.rejects(same.id(59), /have ended/)
  await t.rejects(providerOf('never').id(0), /within 100 ms/)
})

t.test('what new credentials cannot keep is not promised', (t) => {
  const now = at(0)
  const old = named('a', 5)
  const judge = (seconds: number, after: Credentials) => tooShort(old, after, { seconds, now })
  t.equal(judge(3600, named('b', 31)), null)
  t.match(judge(3602, named('b', 31)), /URL_SECONDS=3602 .* live 1860 s.* at most URL_SECONDS=3600/)
  t.match(judge(86_400, named('b', 15)), /URL_SECONDS=86400 .* live 900 s.* at most .*=1680/)
  t.equal(judge(86_400, named('a', 5)), null, 'the same again: nobody knows how long they lived')
  t.equal(judge(86_400, named('b')), null, 'without an end')
  t.end()
})

t.test('before it serves, the service looks at the credentials it would sign with', async (t) => {
  const { close, ...clients } = openClients({
    endpoint: undefined,
    publicEndpoint: undefined,
    pathStyle: false,
    region: 'us-east-1',
    credentials: undefined,
    deadlineMs: 100
  })
  t.teardown(close)
  const s3 = {
    ...clients,
    name: 'b',
    deadlineMs: 100,
    store: storeOf('aws')!,
    method: 'POST' as const
  }
  const judge = (...answers: (Credentials | Error | 'never')[]) => {
    const { provide, calls } = providerOf(...answers)
    // As the SDK does with a provider of its own: it keeps what there was.
    s3.signer.config.credentials = new S3Client({ credentials: provide }).config.credentials
    return { calls, problem: lifeProblem(s3, { seconds: 86_400, now: at(0) }) }
  }
  const short = judge(named('a', 5), named('b', 15))
  t.match(await short.problem, /new credentials live 900 s/)
  t.same(short.calls, [false, true])
  t.equal(await judge(named('a', 720), named('b', 722)).problem, null)
  t.equal(await judge(named('a')).problem, null)
  t.equal(await judge(new Error('away')).problem, null, 'they may come later')
  t.equal(await judge('never').problem, null)
})
