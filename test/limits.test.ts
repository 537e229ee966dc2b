// T14, T46, T59: how often somebody may call, by whom it is counted, and what those who are over it are told.

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

t.test('every answer of 429 and 503 says when to try again', async (t) => {
  for (const [code, [status, , seconds]] of Object.entries(catalogue)) {
    if (status === 429 || status === 503) t.ok(seconds && seconds >= 1, code)
  }
  t.match(catalogue, { RATE_LIMITED: [429], OVERLOADED: [503] })
})

const few = {
  RATE_CREATES_PER_MINUTE: '2',
  RATE_CONFIRMS_PER_MINUTE: '3',
  RATE_READS_PER_MINUTE: '20',
  RATE_ADDRESS_PER_MINUTE: '3'
}
type Answer = { statusCode: number; headers: object; json: () => object }

function isLimited(t: Test, reply: Answer, what: RegExp, seconds: string) {
  t.match(reply, { statusCode: 429, headers: { 'retry-after': seconds } })
  t.match(reply.json(), { code: 'RATE_LIMITED', status: 429, detail: what })
}

t.test('creates, confirms and reads are counted apart, for each user', async (t) => {
  const { app, ada, bob, admin } = await startApp(t, few)
  const headers = { authorization: `Bearer ${ada.token}` }
  const first = await ada.sent(picture)
  const second = await ada.createUpload(picture)
  const declared = { purpose: 'avatar', contentType: 'image/png', sizeBytes: 400 }
  const post = { method: 'POST' as const, headers, url: '/api/uploads' }
  isLimited(t, await app.inject({ ...post, payload: declared }), /More than 2 creates a/, '30')

  await ada.confirm(first)
  await ada.abort(second)
  await ada.removeAvatar()
  const url = `/api/uploads/${first.id}/confirm`
  isLimited(t, await app.inject({ ...post, url }), /More than 3 confirms a minute/, '20')
  const erasing = { method: 'DELETE' as const, headers, url: '/api/users/ada' }
  isLimited(t, await app.inject(erasing), /confirms/, '20')

  const users = (count: number) => Array.from({ length: count }, (_, n) => `userId=u${n}`).join('&')
  const get = (path: string) => app.inject({ url: path, headers })
  t.equal((await get(`/api/avatars?${users(100)}`)).statusCode, 200)
  t.equal((await get(`/api/avatars?${users(71)}`)).statusCode, 200)
  t.equal((await get('/api/avatars?userId=u1')).statusCode, 200)
  t.equal((await get(`/api/uploads/${first.id}`)).statusCode, 200)
  for (const path of [
    '/api/avatars?userId=u1',
    '/avatars/ada',
    '/api/users/me/avatar',
    '/api/uploads/x'
  ]) {
    isLimited(t, await get(path), /More than 20 reads/, '3')
  }

  await bob.upload(picture)
  await admin.erase('bob')
})

t.test('a hundred avatars on a page trip nothing, by any way to get them', async (t) => {
  const { app, ada } = await startApp(t, { RATE_READS_PER_MINUTE: '', AVATAR_ACCESS: 'token' })
  await ada.upload(picture)
  const headers = { authorization: `Bearer ${ada.token}` }
  for (let page = 0; page < 10; page++) {
    const reads = Array.from({ length: 100 }, () => app.inject({ url: '/avatars/ada', headers }))
    for (const { statusCode } of await Promise.all(reads)) t.equal(statusCode, 302)
  }
})

t.test('who has no valid token is counted by address, and nobody else for it', async (t) => {
  const { app, ada } = await startApp(t, few)
  const url = '/api/avatars?userId=me'
  const ask = (authorization?: string, more = {}) =>
    app.inject({ url, headers: { ...(authorization && { authorization }), ...more } })
  t.equal((await ask()).statusCode, 401)
  t.equal((await ask('Bearer nonsense')).statusCode, 401)
  t.equal((await ask(`Bearer ${ada.token}x`)).statusCode, 401)
  const told = /More than 3 requests from your address a minute/
  isLimited(t, await ask(), told, '20')
  // T59: nobody whom we do not trust says from where they ask.
  isLimited(t, await ask('Bearer x', { 'x-forwarded-for': '192.0.2.7' }), told, '20')
  isLimited(
    t,
    await ask(undefined, { forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' }),
    told,
    '20'
  )
  t.equal((await ask(`Bearer ${ada.token}`)).statusCode, 200)
})

t.test('behind a proxy that is trusted, each client is counted', async (t) => {
  const { app, ada } = await startApp(t, {
    ...few,
    AVATAR_ACCESS: 'public',
    TRUSTED_PROXIES: '127.0.0.1'
  })
  await ada.upload(picture)
  const show = (from: string) =>
    app.inject({ url: '/avatars/ada', headers: { 'x-forwarded-for': from } })
  for (let n = 0; n < 3; n++) t.equal((await show('192.0.2.7')).statusCode, 302)
  isLimited(t, await show('192.0.2.7'), /address/, '20')
  isLimited(t, await show('198.51.100.1, 192.0.2.7'), /address/, '20')
  t.equal((await show('192.0.2.8')).statusCode, 302)
  t.equal((await show('2001:db8::1')).statusCode, 302)
  for (const n of [2, 3]) t.equal((await show(`2001:db8::${n}`)).statusCode, 302)
  isLimited(t, await show('2001:db8::4'), /address/, '20')
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
