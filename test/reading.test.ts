// Reading avatars: what caches may keep, many at once, and the address that stays.

import { createHash } from 'node:crypto'

import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'

import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'

const picture = png(64)
const other = png(64, { colour: 'red' })
const PRIVATE = 'private, max-age=60'

type Environment = Record<string, string>

async function start(t: Test, environment: Environment = {}) {
  const app = await startApp(t, environment)
  const get = (url: string, headers: Environment = {}, method: InjectOptions['method'] = 'GET') =>
    app.app.inject({ method, url, headers })
  const as = ({ token }: { token: string }, more: Environment = {}) => ({
    ...{ authorization: `Bearer ${token}` },
    ...more
  })
  return { ...app, get, as }
}

t.test('an answer may be kept for a while, and is not sent twice', async (t) => {
  const { ada, bob, user, as, get } = await start(t)
  const { avatar } = await ada.upload(picture)
  for (const url of ['/api/users/me/avatar', '/api/avatars?userId=ada&userId=nobody']) {
    const first = await get(url, as(ada))
    t.match(first, { statusCode: 200, headers: { 'cache-control': PRIVATE } })
    t.match(first.headers.vary, /Authorization/, 'me is somebody else with another token')
    const etag = `${first.headers.etag}`
    t.match(etag, /^"[\w-]{27}"$/)
    t.notOk(avatar.url.includes(etag.slice(1, -1)), 'it tells nothing of the URL')
    for (const known of [etag, `W/${etag}`, `"a", ${etag}`, '*']) {
      const again = await get(url, as(ada, { 'if-none-match': known }))
      t.match(again, { statusCode: 304, body: '', headers: { etag, 'cache-control': PRIVATE } })
    }
    const stale = await get(url, as(ada, { 'if-none-match': '"a"' }))
    t.match(stale, { statusCode: 200, body: first.body })
  }
  const url = '/api/avatars?userId=me&userId=nobody'
  const theirs = { 'if-none-match': `${(await get(url, as(bob))).headers.etag}` }
  t.match(await get(url, as(user('carol'), theirs)), { statusCode: 200 }, 'me is somebody else')
  const before = (await get('/api/users/me/avatar', as(ada))).headers.etag as string
  await ada.upload(other)
  const after = await get('/api/users/me/avatar', as(ada, { 'if-none-match': before }))
  t.match(after, { statusCode: 200 })
  t.same(await download(after.json().url), other)
})

t.test('nothing is kept beyond half of what is left of a URL', async (t) => {
  const { ada, as, clock, get } = await start(t, { URL_SECONDS: '60', CACHE_SECONDS: '3600' })
  await ada.upload(picture)
  const window = Math.ceil(Date.now() / 30_000) * 30_000
  for (const [seconds, most] of [
    [0, 30],
    [10, 25],
    [29, 15]
  ] as const) {
    clock.now = () => new Date(window + seconds * 1000)
    const { headers } = await get('/api/users/me/avatar', as(ada))
    t.equal(headers['cache-control'], `private, max-age=${most}`)
  }
})

t.test('many are as stale as any one of them, and as their URLs', async (t) => {
  const { ada, bob, as, clock, get } = await start(t, { URL_SECONDS: '60' })
  await ada.upload(picture)
  await bob.upload(picture)
  const window = Math.ceil(Date.now() / 30_000) * 30_000
  clock.now = () => new Date(window + 1000)
  const url = '/api/avatars?userId=ada&userId=bob'
  const look = async (etag = '"a"') => get(url, as(ada, { 'if-none-match': etag }))
  const first = `${(await look()).headers.etag}`
  t.match(await look(first), { statusCode: 304 })
  await bob.upload(other)
  const second = await look(first)
  t.match(second, { statusCode: 200 }, 'the second has changed')
  clock.now = () => new Date(window + 31_000)
  t.match(await look(`${second.headers.etag}`), { statusCode: 200 }, 'the URLs have')
})

t.test('many at once: in the order they were asked for, each once', async (t) => {
  const { ada, bob, user, as, get, databaseUrl, instance } = await start(t)
  await ada.upload(picture)
  await user('__proto__').upload(other)
  await bob.upload(picture)
  await bob.removeAvatar()

  const asked = ['me', 'nobody', '__proto__', 'ada', 'bob', 'nobody', 'ada']
  const { avatars } = (
    await get(`/api/avatars?${asked.map((id) => `userId=${id}`).join('&')}`, as(ada))
  ).json()
  t.same(
    avatars.map(({ userId }: { userId: string }) => userId),
    ['ada', 'nobody', '__proto__', 'bob']
  )
  t.same(avatars[0].avatar, await ada.avatar())
  t.same(await download(avatars[2].avatar.url), other)
  t.same([avatars[1].avatar, avatars[3].avatar], [null, null])

  const one = (await get('/api/avatars?userId=nobody', as(ada))).json()
  t.same(one, { avatars: [{ userId: 'nobody', avatar: null }] })

  const ids = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(64, 'u'))
  const hundred = await get(`/api/avatars?userId=${ids.join('&userId=')}`, as(ada))
  t.match(hundred, { statusCode: 200 })
  t.equal(hundred.json().avatars.length, 100)

  const proxy = await startProxy(t, databaseUrl)
  const { app, ada: again } = await instance({ DATABASE_URL: proxy.url })
  await again.avatar() // connects
  proxy.lose('select')
  const lost = await app.inject({ url: '/api/avatars?userId=ada&userId=bob', headers: as(ada) })
  t.match(lost.json(), { status: 503, code: 'DATABASE_UNAVAILABLE' })
})

t.test('what cannot be asked for is refused', async (t) => {
  const { ada, as, get } = await start(t, { AVATAR_ACCESS: 'token' })
  const ids = Array.from({ length: 101 }, (_, index) => `userId=${index}`)
  const refused = {
    '/api/avatars': 'userId',
    '/api/avatars?userId=': 'pattern',
    '/api/avatars?userId=a%20b': 'pattern',
    '/api/avatars?userId=a&user=b': 'user',
    [`/api/avatars?${ids.join('&')}`]: '100',
    '/avatars/ada?default=http://evil.example': '404,identicon,initials',
    '/avatars/ada?default=identicon&default=404': 'string',
    '/avatars/a%20b': 'pattern',
    '/avatars/ada?size=64': 'size'
  }
  for (const [url, detail] of Object.entries(refused)) {
    const reply = await get(url, as(ada))
    t.match(reply.json(), { status: 400, code: 'INVALID_REQUEST' }, url)
    t.match(reply.json().detail, detail)
  }
  for (const url of ['/api/avatars?userId=ada', '/avatars/ada', '/avatars/ada?default=initials']) {
    const reply = await get(url)
    t.match(reply.json(), { status: 401, code: 'UNAUTHENTICATED' }, url)
    t.notOk(reply.headers.etag)
  }
})

t.test('the address of an avatar stays, and leads to where it is now', async (t) => {
  const { ada, bob, as, get } = await start(t)
  await ada.upload(picture)
  for (const [url, who] of [
    ['/avatars/ada', bob],
    ['/avatars/me', ada]
  ] as const) {
    const reply = await get(url, as(who))
    t.match(reply, { statusCode: 302, body: '' })
    const { location, etag, ...headers } = reply.headers
    t.match(headers, { 'cache-control': PRIVATE, 'referrer-policy': 'no-referrer' })
    t.match(headers['cross-origin-resource-policy'], 'cross-origin', 'other sites may show it')
    t.same(await download(`${location}`), picture)
    const head = await get(url, as(who), 'HEAD')
    t.match(head, { statusCode: 302, headers: { location, etag } })
    const again = await get(url, as(who, { 'if-none-match': `${etag}` }))
    t.match(again, { statusCode: 302, headers: { location } }, 'conditions are for what is a 200')
  }
  await ada.upload(other)
  const { location } = (await get('/avatars/ada', as(bob))).headers
  t.same(await download(`${location}`), other)
  await ada.removeAvatar()
  const gone = await get('/avatars/ada', as(bob))
  t.match(gone.json(), { status: 404, code: 'AVATAR_NOT_FOUND' })
})

t.test('in public it needs no token, and shared caches may keep it', async (t) => {
  const { ada, get } = await start(t, { AVATAR_ACCESS: 'public', CACHE_SECONDS: '5' })
  await ada.upload(picture)
  const reply = await get('/avatars/ada')
  t.match(reply, { statusCode: 302, headers: { 'cache-control': 'public, max-age=5' } })
  t.notMatch(reply.headers.vary ?? '', /authorization/i)
  t.same(await download(`${reply.headers.location}`), picture)
  t.match((await get('/avatars/me')).json(), { code: 'AVATAR_NOT_FOUND' }, 'nobody is me')
  t.match(await get('/api/users/ada/avatar'), { statusCode: 401 }, 'all else needs one')
})

t.test('who has no picture gets one that is drawn, the same for ever', async (t) => {
  const { get } = await start(t, { AVATAR_ACCESS: 'public' })
  const drawn = async (id: string, kind: string) => {
    const reply = await get(`/avatars/${encodeURIComponent(id)}?default=${kind}`)
    t.match(reply, {
      statusCode: 200,
      headers: {
        'content-type': /^image\/svg\+xml/,
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
        'cache-control': 'public, max-age=60'
      }
    })
    return reply
  }
  const first = await drawn('ada', 'identicon')
  t.equal((await drawn('ada', 'identicon')).body, first.body)
  t.not((await drawn('bob', 'identicon')).body, first.body)
  const again = await get('/avatars/ada?default=identicon', {
    'if-none-match': `${first.headers.etag}`
  })
  t.match(again, { statusCode: 304, headers: { 'content-security-policy': /sandbox/ } })
  t.notOk(again.headers['content-type'], 'or a cache would take it for that of the picture')
  const head = await get('/avatars/ada?default=initials', {}, 'HEAD')
  t.match(head, { statusCode: 200, body: '', headers: { 'content-type': /svg/ } })

  const letters: Record<string, string> = {
    ada: 'A',
    'ada.lovelace@example.com': 'AL',
    'grace_brewster-hopper': 'GH',
    'auth0|linus': 'L',
    'a:b:42': '4',
    '...': '·',
    '|': '·'
  }
  for (const [id, text] of Object.entries(letters)) {
    const { body } = await drawn(id, 'initials')
    t.match(body, `>${text}</text></svg>`, id)
    t.match(
      body,
      /^<svg [\w\s="./:-]+><rect [^<>&]+\/><text [^<>&]+>[A-Z0-9·]{1,2}<\/text><\/svg>$/
    )
  }
})

t.test('identicons of known ids never change', async (t) => {
  const { get } = await start(t, { AVATAR_ACCESS: 'public' })
  const { body } = await get('/avatars/ada?default=identicon')
  t.equal(
    createHash('sha256').update(body).digest('hex'),
    '0e29e4c551ac9be7b1795350b3b5a7a1ac3f8a01e82f0d058bcfbea9ec120924'
  )
})
