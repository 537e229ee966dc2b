// T14, T46, T59: how often somebody may call, by whom it is counted, and what those who are over it are told.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { catalogue } from '../src/errors.ts'
import { networkOf } from '../src/limits/address.ts'
import { openBuckets } from '../src/limits/buckets.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)

function clocked(perMinute: number, most?: number) {
  let ms = 1_000_000
  const buckets = openBuckets(perMinute, () => ms, most)
  const wait = (seconds: number) => {
    ms += seconds * 1000
  }
  return { ...buckets, wait }
}

t.test('a minute’s worth at once, and then by and by', async (t) => {
  for (const perMinute of [1, 7, 20, 3000]) {
    const { take, wait } = clocked(perMinute)
    const taken = () => {
      let count = 0
      while (take('ada', 1) === 0) count++
      return count
    }
    t.equal(taken(), perMinute)
    const ms = take('ada', 1)
    t.ok(Math.abs(ms - 60_000 / perMinute) < 1, `${ms}`)
    t.equal(take('bob', 1), 0, 'each has one of their own')
    wait(Math.ceil(ms / 1000))
    t.ok(taken() >= 1, 'what was said is true')
    wait(30)
    t.ok(Math.abs(taken() - perMinute / 2) <= 1)
    wait(3600)
    t.equal(taken(), perMinute, 'and never more')
  }
})

t.test('what counts more takes more, and is never more than can be had', async (t) => {
  const { take, waitMs, wait } = clocked(20)
  t.equal(take('ada', 15), 0)
  t.equal(take('ada', 10), 15_000)
  t.equal(take('ada', 5), 0, 'what has to wait takes nothing')
  t.equal(waitMs('ada', 1), 3000)
  wait(60)
  t.equal(take('ada', 1000), 0)
  t.equal(waitMs('ada', 1), 3000)
})

t.test('a flood of callers costs a bounded amount of memory', async (t) => {
  const { take, waitMs } = clocked(1, 1000)
  for (let n = 0; n < 10_000; n++) t.equal(take(`user-${n}`, 1), 0)
  const known = Array.from({ length: 10_000 }, (_, n) => waitMs(`user-${n}`, 1)).filter(Boolean)
  t.ok(known.length <= 1000, 'forgotten')
  t.ok(known.length >= 500, 'and the youngest are not')
  t.ok(waitMs('user-9999', 1) > 0)
})

t.test('of IPv6, a network is one address', async (t) => {
  const same: Record<string, string[]> = {
    '192.0.2.1': ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1:4711'],
    '2001:db8:1:2': [
      '2001:db8:1:2::',
      '2001:db8:1:2::1',
      '2001:db8:1:2:3:4:5:6',
      '2001:db8:1:2:3::6'
    ],
    '2001:db8:0:0': ['2001:db8::1', '2001:db8::', '2001:db8:0:0:1:2:3:4'],
    ':0:0:0': ['::1', '::2'],
    'fe80:0:0:0': ['fe80::1%eth0', 'fe80::2']
  }
  for (const [network, addresses] of Object.entries(same)) {
    for (const address of addresses) t.equal(networkOf(address), network, address)
  }
})

t.test('who hangs up before the answer has no address, and ends nothing', async (t) => {
  const settings = { AVATAR_ACCESS: 'public', METRICS_TOKEN: 'm'.repeat(32) }
  const { app, deps } = await startApp(t, settings)
  const thrown: unknown[] = []
  const keep = (err: unknown) => thrown.push(err)
  process.on('unhandledRejection', keep)
  t.teardown(() => process.off('unhandledRejection', keep))
  let asked = 0
  app.server.on('request', () => asked++)
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  for (const path of ['/api/users/me/avatar', '/avatars/ada']) {
    for (let n = 0; n < 10; n++) {
      const socket = connect(Number(port), '127.0.0.1')
      const head = `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
      socket.on('error', () => {}).write(head, () => socket.resetAndDestroy())
      await once(socket, 'close')
      await sleep(5)
    }
  }
  const { UNAUTHENTICATED, AVATAR_NOT_FOUND, INTERNAL } = deps.metrics!.problems
  const answered = () => UNAUTHENTICATED.value + AVATAR_NOT_FOUND.value + INTERNAL.value
  while (asked === 0 || answered() + thrown.length < asked) await sleep(10)
  t.same(thrown, [])
  t.equal(INTERNAL.value, 0)
})

t.test('every answer of 429 and 503 says when to try again', async (t) => {
  for (const [code, [status, , seconds]] of Object.entries(catalogue)) {
    if (status === 429 || status === 503) t.ok(seconds && seconds >= 1, code)
  }
  t.match(catalogue, { RATE_LIMITED: [429], OVERLOADED: [503] })
})

// One a minute: however slow the machine, the second of two is over it.
const one = {
  RATE_CREATES_PER_MINUTE: '1',
  RATE_CONFIRMS_PER_MINUTE: '1',
  RATE_READS_PER_MINUTE: '1',
  RATE_ADDRESS_PER_MINUTE: '1'
}
type Answer = { statusCode: number; headers: Record<string, unknown>; json: () => object }

function isLimited(t: Test, reply: Answer, what: RegExp) {
  t.match(reply.json(), { code: 'RATE_LIMITED', status: 429, detail: what })
  const seconds = Number(reply.headers['retry-after'])
  t.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`)
}

t.test('creates, confirms and reads are counted apart, for each user', async (t) => {
  const { app, ada, bob, user, admin } = await startApp(t, one)
  const headers = { authorization: `Bearer ${ada.token}` }
  const upload = await ada.sent(picture)
  const payload = { purpose: 'avatar', contentType: 'image/png', sizeBytes: 400 }
  const post = { method: 'POST' as const, headers, url: '/api/uploads' }
  isLimited(t, await app.inject({ ...post, payload }), /^More than 1 creates a minute\.$/)

  await ada.confirm(upload)
  const url = `/api/uploads/${upload.id}`
  isLimited(t, await app.inject({ ...post, url: `${url}/confirm` }), /More than 1 confirms/)
  for (const path of [url, '/api/users/ada', '/api/users/me/avatar']) {
    isLimited(t, await app.inject({ method: 'DELETE', headers, url: path }), /confirms/)
  }

  await ada.avatar()
  for (const path of ['/api/avatars?userId=u', '/avatars/ada', '/api/users/me/avatar', url]) {
    isLimited(t, await app.inject({ headers, url: path }), /More than 1 reads/)
  }

  await bob.upload(picture)
  t.match(await user('cy').avatar('ada'), { width: 64 })
  await admin.erase('bob')
})

t.test('a batch counts by how many it asks for', async (t) => {
  const { app, ada, bob } = await startApp(t, { RATE_READS_PER_MINUTE: '20' })
  const batch = async ({ token }: typeof ada, count: number) => {
    const users = Array.from({ length: count }, (_, n) => `userId=u${n}`).join('&')
    const headers = { authorization: `Bearer ${token}` }
    return app.inject({ url: `/api/avatars?${users}`, headers })
  }
  for (const count of [100, 91]) t.equal((await batch(ada, count)).statusCode, 200)
  isLimited(t, await batch(ada, 100), /More than 20 reads/)
  for (const count of [10, 1, 10, 1]) t.equal((await batch(bob, count)).statusCode, 200)
  t.equal((await batch(bob, 100)).statusCode, 200)
})

t.test('a hundred avatars on a page trip nothing', async (t) => {
  const { app, ada } = await startApp(t, { RATE_READS_PER_MINUTE: '' })
  await ada.upload(picture)
  const headers = { authorization: `Bearer ${ada.token}` }
  for (let page = 0; page < 10; page++) {
    const reads = Array.from({ length: 100 }, () => app.inject({ url: '/avatars/ada', headers }))
    for (const { statusCode } of await Promise.all(reads)) t.equal(statusCode, 302)
  }
})

t.test('who has no valid token is counted by address, and nobody else for it', async (t) => {
  const { app, ada } = await startApp(t, { RATE_ADDRESS_PER_MINUTE: '1' })
  const url = '/api/avatars?userId=me'
  const ask = (authorization?: string, more = {}) =>
    app.inject({ url, headers: { ...(authorization && { authorization }), ...more } })
  t.equal((await ask(`Bearer ${ada.token}x`)).statusCode, 401)
  const told = /^More than 1 requests from your address a minute\.$/
  isLimited(t, await ask(), told)
  isLimited(t, await ask('Bearer nonsense'), told)
  // T59: nobody whom we do not trust says from where they ask.
  isLimited(t, await ask('Bearer x', { 'x-forwarded-for': '192.0.2.7' }), told)
  isLimited(t, await ask('', { forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' }), told)
  t.equal((await ask(`Bearer ${ada.token}`)).statusCode, 200)
})

t.test('behind a proxy that is trusted, each client is counted', async (t) => {
  const { app, ada } = await startApp(t, {
    RATE_ADDRESS_PER_MINUTE: '1',
    AVATAR_ACCESS: 'public',
    TRUSTED_PROXIES: '127.0.0.1'
  })
  await ada.upload(picture)
  const show = (from: string) =>
    app.inject({ url: '/avatars/ada', headers: { 'x-forwarded-for': from } })
  for (const address of ['192.0.2.7', '192.0.2.8', '2001:db8::1', '2001:db8:0:1::1']) {
    t.equal((await show(address)).statusCode, 302, address)
  }
  for (const address of ['192.0.2.7', '198.51.100.1, 192.0.2.7', '2001:db8::2']) {
    isLimited(t, await show(address), /address/)
  }
})

t.test('a limit of 0 is none', async (t) => {
  const { app, ada } = await startApp(t, {
    RATE_READS_PER_MINUTE: '0',
    RATE_ADDRESS_PER_MINUTE: '0'
  })
  const read = (token: string) =>
    app.inject({ url: '/api/avatars?userId=me', headers: { authorization: `Bearer ${token}` } })
  for (let n = 0; n < 50; n++) {
    t.equal((await read(ada.token)).statusCode, 200)
    t.equal((await read('x')).statusCode, 401)
  }
})
