// Who may call: HS256 tokens with a usable subject and an end, and nobody else.

import { createHmac } from 'node:crypto'

import t from 'tap'

import { SECRET, startApp } from './support/app.ts'

const base64 = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function token(claims: object | string, { alg = 'HS256', secret = SECRET, header = {} } = {}) {
  const unsigned = `${base64({ alg, typ: 'JWT', ...header })}.${base64(claims)}`
  const hash = { HS512: 'sha512', HS384: 'sha384' }[alg] ?? 'sha256'
  const signature = createHmac(hash, secret).update(unsigned).digest('base64url')
  return `${unsigned}.${alg === 'none' ? '' : signature}`
}

const exp = Math.floor(Date.now() / 1000) + 600

t.test('tokens that are accepted', async (t) => {
  const { app } = await startApp(t)
  const subjects = ['a', 'ada', 'auth0|5f7c8ec7', 'ada@example.com', 'urn:x:1', 'a'.repeat(64)]
  for (const sub of subjects) {
    const headers = { authorization: `Bearer ${token({ sub, exp })}` }
    const reply = await app.inject({ url: '/api/users/me/avatar', headers })
    t.match(reply.json(), { code: 'AVATAR_NOT_FOUND' }, sub)
  }
})

t.test('tokens that are refused', async (t) => {
  const { app } = await startApp(t)
  const tokens: Record<string, string> = {
    'another secret': token({ sub: 'ada', exp }, { secret: 'another secret of thirty-two bytes' }),
    'no algorithm': token({ sub: 'ada', exp }, { alg: 'none' }),
    'another algorithm': token({ sub: 'ada', exp }, { alg: 'HS512' }),
    expired: token({ sub: 'ada', exp: exp - 1200 }),
    'no end': token({ sub: 'ada' }),
    'an end that is text': token({ sub: 'ada', exp: '9999999999' }),
    'an end beyond time': token('{"sub":"ada","exp":1e300}'),
    'no subject': token({ exp }),
    'a null subject': token({ sub: null, exp }),
    'an empty subject': token({ sub: '', exp }),
    'a number': token({ sub: 7, exp }),
    'an object': token({ sub: { id: 'ada' }, exp }),
    'a slash': token({ sub: '../ada', exp }),
    'a NUL': token({ sub: 'ada\0', exp }),
    'a line break': token({ sub: 'ada\n', exp }),
    'too long': token({ sub: 'a'.repeat(65), exp }),
    reserved: token({ sub: 'me', exp }),
    'what addresses fold away': token({ sub: '.', exp }),
    'what addresses fold away, with what comes before': token({ sub: '..', exp }),
    garbage: 'abc',
    tampered: token({ sub: 'ada', exp }).replace(/\..*\./, `.${base64({ sub: 'eve', exp })}.`)
  }
  for (const [name, value] of Object.entries(tokens)) {
    const headers = { authorization: `Bearer ${value}` }
    const reply = await app.inject({ url: '/api/users/me/avatar', headers })
    t.match(reply.json(), { status: 401, code: 'UNAUTHENTICATED' }, name)
    t.equal(reply.headers['www-authenticate'], 'Bearer', name)
  }
})

t.test('no call works without a token', async (t) => {
  const { app } = await startApp(t)
  const calls = [
    ['POST', '/api/uploads'],
    ['GET', '/api/uploads/x'],
    ['DELETE', '/api/uploads/x'],
    ['POST', '/api/uploads/x/confirm'],
    ['GET', '/api/users/me/avatar'],
    ['DELETE', '/api/users/me/avatar']
  ] as const
  for (const [method, url] of calls) {
    t.match((await app.inject({ method, url })).json(), { code: 'UNAUTHENTICATED' })
    const headers = { cookie: `token=${token({ sub: 'ada', exp })}` }
    t.match((await app.inject({ method, url, headers })).json(), { code: 'UNAUTHENTICATED' })
  }
})
