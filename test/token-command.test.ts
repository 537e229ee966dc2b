// directo token: what it prints is a token that the service takes, and it makes none without a secret.

import { jwtVerify } from 'jose'
import t from 'tap'

import { readIdentity } from '../src/config.ts'
import { tokenCommand } from '../src/identity/token.ts'
import { SECRET, startApp } from './support/app.ts'
import { keyPair } from './support/provider.ts'

const settings = { JWT_SECRET: SECRET, JWT_ISSUER: 'my-app', JWT_AUDIENCE: 'directo' }
const key = new TextEncoder().encode(SECRET)

function printed(argv: string[], environment: Record<string, string> = settings) {
  const said = t.capture(console, 'log')
  try {
    tokenCommand(() => readIdentity(environment), argv)
    return said().map(({ args }) => `${args[0]}`)[0]!
  } finally {
    said.restore()
  }
}

t.test('it is for the user, the issuer and the audience, and ends', async (t) => {
  const expected = { issuer: 'my-app', audience: 'directo', subject: 'ada' }
  const { payload } = await jwtVerify(printed(['ada']), key, expected)
  t.equal(payload.exp! - payload.iat!, 3600)
  t.notOk('scope' in payload)
  const argv = ['ada', '--seconds', '60', '--scope', 'avatars:admin']
  const admin = (await jwtVerify(printed(argv), key, expected)).payload
  t.equal(admin.exp! - admin.iat!, 60)
  t.equal(admin.scope, 'avatars:admin')
  const plain = await jwtVerify(printed(['ada'], { JWT_SECRET: SECRET }), key)
  t.same(Object.keys(plain.payload), ['sub', 'iat', 'exp'])
})

t.test('the service takes it', async (t) => {
  const { app } = await startApp(t, settings)
  const authorization = `Bearer ${printed(['ada'])}`
  const reply = await app.inject({ url: '/api/avatars?userId=me', headers: { authorization } })
  t.match(reply.json(), { avatars: [{ userId: 'ada' }] })
})

t.test('it refuses what would be no token, and makes none without a secret', async (t) => {
  const users = [[], ['ada', 'bob'], ['me'], [''], ['a b'], ['..'], ['a'.repeat(65)]]
  for (const argv of users) t.throws(() => printed(argv), /Name one user/, argv.join())
  for (const seconds of ['0', '-1', '1.5', '1e3', '2592001', 'x', '']) {
    t.throws(() => printed(['ada', `--seconds=${seconds}`]), /1 to 2592000/, seconds)
  }
  t.throws(() => printed(['ada', '--admin']), /--admin/)
  t.throws(() => printed(['ada'], {}), /JWT_SECRET is required/)
  t.throws(() => printed(['ada'], { JWT_SECRET: 'short' }), /32 bytes/)
  const { pem } = await keyPair('EdDSA')
  const pair = { ...settings, JWT_SECRET: '', JWT_PUBLIC_KEY: pem }
  t.throws(() => printed(['ada'], pair), /Without JWT_SECRET/)
})

t.test('--help needs no settings', async (t) => {
  t.match(printed(['--help'], {}), /^directo token <user>/)
})
