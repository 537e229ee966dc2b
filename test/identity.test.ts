// T50, T51, T53, T54, T56: who is believed where a key pair signs; the tokens are made by another library, or by an attacker.

import { createHmac } from 'node:crypto'

import t, { type Test } from 'tap'

import { startApp } from './support/app.ts'
import { AUDIENCE, ISSUER, keyPair, lasting, serveKeys } from './support/provider.ts'

const pairs = Object.fromEntries(
  await Promise.all(
    ['RS256', 'PS256', 'ES256', 'EdDSA'].map(async (alg) => [alg, await keyPair(alg, alg)] as const)
  )
) as Record<string, Pair>
type Pair = Awaited<ReturnType<typeof keyPair>>
const expected = { JWT_SECRET: '', JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE }

const seconds = () => Math.floor(Date.now() / 1000)

async function reader(t: Test, environment: Record<string, string>) {
  const { app } = await startApp(t, { ...expected, ...environment })
  return async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await app.inject({ url: '/api/avatars?userId=me', headers })
    return reply.statusCode === 200
      ? (reply.json().avatars[0].userId as string)
      : (reply.json().code as string)
  }
}

t.test('a public key: tokens of its own algorithms, and no others', async (t) => {
  for (const [alg, pair] of Object.entries(pairs)) {
    const read = await reader(t, { JWT_PUBLIC_KEY: pair.pem.replaceAll('\n', '\\n') })
    for (const [other, { sign }] of Object.entries(pairs)) {
      t.equal(
        await read(await sign()),
        alg === other ? 'ada' : 'UNAUTHENTICATED',
        `${other} at ${alg}`
      )
    }
    await forge(t, read, pair)
  }
})

t.test('a key set: each token by its own key', async (t) => {
  const provider = await serveKeys(
    t,
    Object.values(pairs).map(({ jwk }) => jwk)
  )
  const read = await reader(t, { JWKS_URL: provider.url })
  for (const [alg, { sign }] of Object.entries(pairs)) t.equal(await read(await sign()), 'ada', alg)
  for (const pair of Object.values(pairs)) await forge(t, read, pair)
  t.ok(provider.asked <= 2, 'whatever was forged')
})

const base64 = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const hmac = (secret: string) => (unsigned: string) =>
  createHmac('sha256', secret).update(unsigned).digest('base64url')

async function forge(t: Test, read: (token: string) => Promise<string>, pair: Pair) {
  const { alg, jwk, pem, sign } = pair
  const listener = await serveKeys(t, [])
  const mine = await keyPair(alg, alg)
  listener.keys = [mine.jwk]
  const made = (header: object, signature: string | ((unsigned: string) => string)) => {
    const unsigned = `${base64({ alg, kid: alg, ...header })}.${base64(lasting())}`
    return `${unsigned}.${typeof signature === 'string' ? signature : signature(unsigned)}`
  }
  const good = await sign()
  const [head, claims, signature] = good.split('.') as [string, string, string]
  const { alg: another } = pairs.RS256 === pair ? pairs.PS256! : pairs.RS256!
  const public64 = base64(JSON.stringify(jwk))
  const hs = { alg: 'HS256' }
  const forged: Record<string, string> = {
    'no algorithm': made({ alg: 'none' }, ''),
    'no algorithm, in odd case': made({ alg: 'nOnE' }, ''),
    'no algorithm, and a signature': made({ alg: 'none' }, signature),
    'no signature': `${head}.${claims}.`,
    'the public key as a secret': made(hs, hmac(pem)),
    'the public key as a secret, without its last line break': made(hs, hmac(pem.trim())),
    'the public key as a secret, after a space': made(hs, hmac(` ${pem}`)),
    'the JWK as a secret': made(hs, hmac(JSON.stringify(jwk))),
    'an empty secret': made(hs, hmac('')),
    'a key of their own under the same id': await mine.sign(),
    'a key of their own without an id': await mine.sign({}, { kid: undefined }),
    'a key of their own in the header': await mine.sign({}, { jwk: mine.jwk }),
    'a key of their own at an address': await mine.sign({}, { jku: listener.url, kid: 'theirs' }),
    'a certificate at an address': await mine.sign({}, { x5u: listener.url, x5c: [public64] }),
    'an id that is a path': await mine.sign({}, { kid: '../../dev/null' }),
    'an id that is no text': made({ kid: { $ne: null } }, signature),
    'another algorithm': `${base64({ alg: another, kid: alg })}.${claims}.${signature}`,
    'an algorithm that nobody knows': made({ alg: ['RS256'] }, signature),
    'other claims': `${head}.${base64({ ...lasting(), sub: 'eve' })}.${signature}`,
    'a signature of zeros': made({}, Buffer.alloc(64).toString('base64url')),
    'a signature cut short': good.slice(0, -4),
    'a signature with a tail': `${good}AAAA`,
    'a header that must be understood': await sign(
      {},
      { crit: ['x'], x: 1 },
      { crit: { x: true } }
    ),
    'two tokens': `${good}.${good}`,
    'no JSON': `${base64('{')}.${claims}.${signature}`
  }
  t.equal(await read(good), 'ada', 'what was forged is good')
  for (const [name, token] of Object.entries(forged)) {
    t.equal(await read(token), 'UNAUTHENTICATED', `${alg}: ${name}`)
  }
  t.equal(listener.asked, 0, 'nobody asked where the token said')
}

const claims: Record<string, Record<string, unknown>> = {
  'no issuer': { iss: undefined },
  'issuer null': { iss: null },
  'another issuer': { iss: 'https://login.example' },
  'a list of issuers': { iss: [ISSUER] },
  'no audience': { aud: undefined },
  'audience null': { aud: null },
  'another audience': { aud: 'directo2' },
  'other audiences': { aud: ['a', 'b'] },
  'no audiences': { aud: [] },
  'an audience within': { aud: `${AUDIENCE} other` },
  'the asterisk': { aud: '*' },
  'no end': { exp: undefined },
  'end null': { exp: null },
  'an end that is text': { exp: '9999999999' },
  'an end beyond time': { exp: 1e300 },
  'an end that is past': { exp: 1 },
  'a beginning in the future': { nbf: seconds() + 60 },
  'issued in the future': { iat: seconds() + 90 },
  'issued at no time': { iat: 'yesterday' },
  'a life without end': { exp: seconds() + 31 * 86_400 },
  'an ID token, by its claim': { typ: 'ID' },
  'no subject': { sub: undefined },
  'subject null': { sub: null },
  'an empty subject': { sub: '' },
  'a number as subject': { sub: 7 },
  'a list of subjects': { sub: ['ada'] },
  'a long subject': { sub: 'a'.repeat(10_000) },
  'a slash': { sub: 'a/b' },
  'a NUL': { sub: 'ada\0' },
  'everybody is me': { sub: 'me' }
}
const types = ['id+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JOSE', '', null, 7, ['JWT']]

t.test('a token without what it needs is refused, however well it is signed', async (t) => {
  const { alg, sign, jwk, pem } = pairs.EdDSA!
  const provider = await serveKeys(t, [jwk])
  const ways: Record<string, string>[] = [{ JWT_PUBLIC_KEY: pem }, { JWKS_URL: provider.url }]
  for (const how of ways) {
    const read = await reader(t, how)
    for (const [name, wrong] of Object.entries(claims)) {
      t.equal(await read(await sign(wrong)), 'UNAUTHENTICATED', `${alg}: ${name}`)
    }
    for (const typ of types) {
      t.equal(await read(await sign({}, { typ })), 'UNAUTHENTICATED', `typ ${JSON.stringify(typ)}`)
    }
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', undefined]) {
      t.equal(await read(await sign({}, { typ })), 'ada', `typ ${typ}`)
    }
    const fine = [
      { aud: ['https://login.example/userinfo', AUDIENCE] },
      { nbf: seconds() - 1, iat: seconds() + 30 },
      { iat: undefined },
      { exp: seconds() + 600.5 }
    ]
    for (const more of fine) t.equal(await read(await sign(more)), 'ada', JSON.stringify(more))
  }
})

t.test('with a secret, issuer and audience count where they are set', async (t) => {
  const SECRET = 'a secret of thirty-two bytes or more'
  const token = (claims: object) => {
    const unsigned = `${base64({ alg: 'HS256' })}.${base64({ ...lasting(), ...claims })}`
    return `${unsigned}.${hmac(SECRET)(unsigned)}`
  }
  const strict = await reader(t, { JWT_SECRET: SECRET })
  const lax = await reader(t, { JWT_SECRET: SECRET, JWT_ISSUER: '', JWT_AUDIENCE: '' })
  for (const wrong of [{ iss: undefined }, { iss: 'x' }, { aud: undefined }, { aud: ['x'] }]) {
    t.equal(await strict(token(wrong)), 'UNAUTHENTICATED', JSON.stringify(wrong))
    t.equal(await lax(token(wrong)), 'ada', JSON.stringify(wrong))
  }
  t.equal(await strict(token({})), 'ada')
})

t.test('an asterisk takes tokens for anybody, of this issuer still', async (t) => {
  const { pem, sign } = pairs.ES256!
  const read = await reader(t, { JWT_PUBLIC_KEY: pem, JWT_AUDIENCE: '*' })
  t.equal(await read(await sign({ aud: undefined })), 'ada')
  t.equal(await read(await sign({ aud: 'others' })), 'ada')
  t.equal(await read(await sign({ iss: 'others' })), 'UNAUTHENTICATED')
})

t.test('scopes, as providers write them', async (t) => {
  const { pem, sign } = pairs.ES256!
  const { app } = await startApp(t, { ...expected, JWT_PUBLIC_KEY: pem })
  const remove = async (claims: Record<string, unknown>) => {
    const headers = { authorization: `Bearer ${await sign(claims)}` }
    return (await app.inject({ method: 'DELETE', url: '/api/users/bob/avatar', headers }))
      .statusCode
  }
  const granted = [
    { scope: 'avatars:admin' },
    { scope: 'openid avatars:admin' },
    { scope: ['openid', 'avatars:admin'] },
    { scp: ['avatars:admin'] },
    { scp: 'openid avatars:admin' }
  ]
  const refused = [
    {},
    { scope: 'avatars:administrate' },
    { scope: ['openid avatars:admin'] },
    { scope: { 'avatars:admin': true } },
    { scope: 'openid', scp: 'avatars:admin' },
    { permissions: ['avatars:admin'] }
  ]
  for (const claims of granted) t.not(await remove(claims), 403, JSON.stringify(claims))
  for (const claims of refused) t.equal(await remove(claims), 403, JSON.stringify(claims))
})

t.test('the tolerance moves the end, for tokens that are remembered too', async (t) => {
  const { pem, sign } = pairs.EdDSA!
  const strict = await reader(t, { JWT_PUBLIC_KEY: pem })
  const lax = await reader(t, { JWT_PUBLIC_KEY: pem, JWT_CLOCK_TOLERANCE_SECONDS: '60' })
  const now = seconds()
  const over = await sign({ exp: now - 30 })
  t.equal(await strict(over), 'UNAUTHENTICATED')
  t.equal(await lax(over), 'ada')
  t.equal(await lax(await sign({ exp: now - 61 })), 'UNAUTHENTICATED')
  t.equal(await lax(await sign({ nbf: now + 30 })), 'ada')
  const soon = seconds()
  const ends = await sign({ exp: soon - 57 })
  t.equal(await lax(ends), 'ada')
  t.equal(await lax(ends), 'ada')
  await new Promise((done) => setTimeout(done, (soon + 3) * 1000 - Date.now()))
  t.equal(await lax(ends), 'UNAUTHENTICATED')
})

t.test('away from the start, the provider keeps nobody from starting', async (t) => {
  const provider = await serveKeys(t, [pairs.EdDSA!.jwk])
  await provider.close()
  const { app } = await startApp(t, { ...expected, JWKS_URL: provider.url })
  const headers = { authorization: `Bearer ${await pairs.EdDSA!.sign()}` }
  for (const url of ['/api/avatars?userId=me', '/health/ready']) {
    const reply = await app.inject({ url, headers })
    t.match(reply.json(), { status: 503, code: 'IDENTITY_UNAVAILABLE' })
    t.equal(reply.headers['retry-after'], '5')
    t.notMatch(reply.body, '127.0.0.1')
  }
  t.equal((await app.inject('/health/live')).statusCode, 200)
  const none = await app.inject({ url: '/api/avatars?userId=me' })
  t.match(none.json(), { code: 'UNAUTHENTICATED' })
})

t.test(
  'T46: tokens that nobody can verify are counted by address, as wrong ones are',
  async (t) => {
    const provider = await serveKeys(t, [pairs.EdDSA!.jwk])
    await provider.close()
    const limits = { RATE_ADDRESS_PER_MINUTE: '1' }
    const { app } = await startApp(t, { ...expected, ...limits, JWKS_URL: provider.url })
    const headers = { authorization: `Bearer ${await pairs.EdDSA!.sign()}` }
    const ask = async () => (await app.inject({ url: '/api/avatars?userId=me', headers })).json()
    t.match(await ask(), { code: 'IDENTITY_UNAVAILABLE' })
    t.match(await ask(), { code: 'RATE_LIMITED' })
  }
)

t.test('a key that nobody published is told from a signature that is wrong', async (t) => {
  const { jwk, sign } = pairs.EdDSA!
  const provider = await serveKeys(t, [jwk])
  const { app } = await startApp(t, { ...expected, JWKS_URL: provider.url })
  const detail = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await app.inject({ url: '/api/avatars?userId=me', headers })).json().detail as string
  }
  t.match(await detail(await sign({}, { kid: 'other' })), /No key of the issuer/)
  t.match(await detail(`${(await sign()).slice(0, -8)}AAAAAAAA`), /valid bearer token is required/)
})
