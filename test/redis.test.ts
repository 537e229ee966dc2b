// Limits that instances share by Redis, and what becomes of them when Redis is away, silent or mad.

import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { type Kind, openLimits } from '../src/limits/limits.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { startRedis } from './support/redis.ts'

const picture = padded(png(64), 400)
const PER_MINUTE = 3 // one in 20 s, longer than any test here takes
const perMinute = { creates: PER_MINUTE, confirms: 0, reads: PER_MINUTE, addresses: 0 }

type Redis = Awaited<ReturnType<typeof startRedis>>

async function open(t: Test, { url }: Pick<Redis, 'url'>, prefix = 'directo:a') {
  const said: string[] = []
  const log = { warn: (facts: object, message: string) => said.push(`${message} ${show(facts)}`) }
  const limits = await openLimits({ perMinute, redisUrl: url, prefix }, log)
  t.teardown(limits.close)
  return {
    said,
    limits,
    /** How many of so many are let through. */
    async taken(key: string, of: number, kind: Kind = 'creates') {
      let count = 0
      for (let n = 0; n < of; n++) if ((await limits.take[kind](key, 1)) === 0) count++
      return count
    }
  }
}

const show = (facts: { err?: unknown }) => JSON.stringify({ ...facts, err: String(facts.err) })
const until = async (isSo: () => unknown) => {
  while (!(await isSo())) await sleep(10)
}
const isShared = (redis: Redis, { limits }: Awaited<ReturnType<typeof open>>) =>
  until(async () => {
    const before = redis.asked.length
    await limits.take.reads(`probe-${Math.random()}`, 1)
    return redis.asked.length > before
  })

t.test('two instances count together, each user apart and each service apart', async (t) => {
  const redis = await startRedis(t)
  const [one, two, other] = [
    await open(t, redis),
    await open(t, redis),
    await open(t, redis, 'directo:b')
  ]
  for (const each of [one, two, other]) await isShared(redis, each)
  t.equal(
    (await one.taken('ada', 2)) + (await two.taken('ada', 2)) + (await one.taken('ada', 2)),
    PER_MINUTE
  )
  t.equal(await two.taken('ada', 1), 0)
  const ms = await two.limits.take.creates('ada', 1)
  t.ok(ms > 0 && ms <= 20_000, `${ms}`)
  t.equal(await two.taken('ada', 9, 'reads'), PER_MINUTE)
  t.equal(await two.taken('bob', 9), PER_MINUTE)
  t.equal(await other.taken('ada', 9), PER_MINUTE)
  t.ok(redis.asked.includes('directo:a:creates:ada'))
  t.same(one.said, [])
})

t.test('at once from both, exactly so many are let through', async (t) => {
  const redis = await startRedis(t)
  const both = [await open(t, redis), await open(t, redis)]
  for (const each of both) await isShared(redis, each)
  const asked = Array.from({ length: 40 }, (_, n) => both[n % 2]!.limits.take.creates('ada', 1))
  t.equal((await Promise.all(asked)).filter((ms) => ms === 0).length, PER_MINUTE)
})

t.test('who is over the limit is told so without asking Redis', async (t) => {
  const redis = await startRedis(t)
  const one = await open(t, redis)
  await isShared(redis, one)
  await one.taken('ada', PER_MINUTE)
  const before = redis.asked.length
  t.equal(await one.taken('ada', 1000), 0)
  t.equal(redis.asked.length, before)
})

for (const mood of ['gone', 'silent', 'garbage', 'error', 'replica'] as const) {
  t.test(`Redis is ${mood}: nobody waits for it, limits hold, and it is used again`, async (t) => {
    const redis = await startRedis(t)
    const one = await open(t, redis)
    await isShared(redis, one)
    await one.taken('ada', PER_MINUTE)
    await one.taken('bob', 2)

    redis.become(mood)
    t.equal(await one.taken('cy', 9), PER_MINUTE, 'counted in memory')
    t.equal(await one.taken('ada', 9), 0, 'what is known is not forgotten')
    t.equal(await one.taken('bob', 9), PER_MINUTE - 2)
    await until(() => one.said.length > 0)
    t.equal(typeof one.limits.take.creates('dan', 1), 'number', 'it is not even asked')
    const { connections } = redis
    await until(() => redis.connections >= connections + 2)
    t.match(one.said, { length: 1, 0: /^Redis is away: each instance counts for itself/ })

    redis.become('well')
    await isShared(redis, one)
    t.match(one.said, { length: 2, 1: /^Redis is back: the instances count together/ })
    t.equal(await one.taken('eve', 9), PER_MINUTE)
    t.ok(redis.asked.includes('directo:a:creates:eve'))
  })
}

t.test('the clock of Redis is set back: who has called waits for a minute at most', async (t) => {
  const redis = await startRedis(t)
  const one = await open(t, redis)
  await isShared(redis, one)
  await one.taken('ada', PER_MINUTE)
  redis.behindMs = 3_600_000
  const other = await open(t, redis) // knows nothing of ada yet
  await isShared(redis, other)
  for (let n = 0; n < 2; n++) {
    const ms = await other.limits.take.creates('ada', 1)
    t.ok(ms > 0 && ms <= 60_000, `${ms}`)
  }
})

t.test('Redis may come after the service, and be closed to it', async (t) => {
  const redis = await startRedis(t, { password: 'a word' })
  redis.become('gone')
  const one = await open(t, redis)
  t.equal(await one.taken('ada', 9), PER_MINUTE)
  await until(() => one.said.length > 0)
  redis.become('well')
  await until(() => one.said.length > 1)
  t.notMatch(one.said.join(), /word/)
  const wrong = await open(t, { url: redis.url.replace('word', 'guess') })
  await until(() => wrong.said.length > 0)
  t.match(wrong.said, [/Redis is away.*"code":"NOAUTH"/])
  t.notMatch(wrong.said.join(), /guess/)
  t.equal(await wrong.taken('ada', 9), PER_MINUTE)
})

t.test('closing waits for no Redis, whatever it is about', async (t) => {
  const redis = await startRedis(t)
  for (const mood of ['well', 'silent', 'gone', 'garbage'] as const) {
    redis.become(mood)
    const { connections } = redis
    const at = await open(t, redis)
    await at.limits.close()
    const later = await open(t, redis)
    await until(() => redis.connections > connections)
    await later.limits.close()
    t.same([at.said, later.said.length <= 1], [[], true], mood)
  }
})

t.test('the service on two instances: a user has one limit', async (t) => {
  const redis = await startRedis(t)
  const limits = {
    REDIS_URL: redis.url,
    RATE_CREATES_PER_MINUTE: '2',
    OPEN_UPLOADS_PER_USER: '100'
  }
  const { ada, app, instance } = await startApp(t, limits)
  const two = await instance()
  for (const { limits } of [app, two.app]) await isShared(redis, { limits } as never)
  const creates = Array.from({ length: 20 }, (_, n) =>
    (n % 2 ? ada : two.ada).createUpload(picture).catch((err) => err)
  )
  const answers = await Promise.all(creates)
  t.equal(answers.filter(({ state }) => state === 'open').length, 2)
  t.equal(answers.filter(({ code }) => code === 'RATE_LIMITED').length, 18)
})
