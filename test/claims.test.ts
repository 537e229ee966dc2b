// T51 to T53, T56: our own look at a token, were the library to overlook everything but the signature.

import t from 'tap'

import { holderOf } from '../src/identity/claims.ts'

const NOW = 1_800_000_000
const expected = { issuer: 'https://login.example/', audience: 'directo' }
const good = { sub: 'ada', iss: expected.issuer, aud: 'directo', exp: NOW + 60, iat: NOW }

const holder = (claims: object, { header = {}, clockToleranceSeconds = 0 } = {}) =>
  holderOf(header, { ...good, ...claims }, { ...expected, clockToleranceSeconds }, () => NOW * 1000)

t.test('what is believed', async (t) => {
  const ada = { id: 'ada', issuedAt: NOW, scopes: [] }
  t.same(holder({}), { user: ada, endsAt: NOW + 60 })
  t.same(holder({}, { clockToleranceSeconds: 5 }).endsAt, NOW + 65)
  t.same(holder({ exp: NOW - 4 }, { clockToleranceSeconds: 5 }).endsAt, NOW + 1)
  t.same(holder({ scope: 'a b' }).user.scopes, ['a', 'b'])
  t.same(holder({ scp: ['a', 7, 'b'] }).user.scopes, ['a', 'b'])
  for (const iat of [undefined, '1', -1e300, 1.5]) t.equal(holder({ iat }).user.issuedAt, null)
  t.equal(holder({ iat: NOW + 60 }).user.issuedAt, NOW + 60)
})

const wrong: Record<string, [object, object?]> = {
  'from another issuer': [{ iss: 'https://login.example' }],
  'from nobody': [{ iss: undefined }],
  'from several': [{ iss: [expected.issuer] }],
  'for others': [{ aud: ['a', 'b'] }],
  'for nobody': [{ aud: undefined }],
  'for a longer name': [{ aud: 'directo2' }],
  endless: [{ exp: undefined }],
  'text for an end': [{ exp: `${NOW + 60}` }],
  'an end beyond time': [{ exp: 1e300 }],
  'over now': [{ exp: NOW }],
  'over, in spite of the tolerance': [{ exp: NOW - 5 }, { clockToleranceSeconds: 5 }],
  'from the future': [{ iat: NOW + 61 }],
  'an ID token': [{}, { header: { typ: 'id+jwt' } }],
  'a type that is none': [{}, { header: { typ: null } }],
  'no subject': [{ sub: undefined }],
  'another than the caller': [{ sub: 'me' }]
}

t.test('what is refused', async (t) => {
  for (const [name, [claims, more]] of Object.entries(wrong)) {
    t.throws(() => holder(claims, more), { code: 'UNAUTHENTICATED' }, name)
  }
})
