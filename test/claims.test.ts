// T51, T52, T53, T56: our own look at a token, were the library to overlook everything but the signature.

import t from 'tap'

import { holderOf } from '../src/identity/claims.ts'

const NOW = 1_800_000_000
const expected = { issuer: 'https://login.example/', audience: 'directo' }
const good = { sub: 'ada', iss: expected.issuer, aud: 'directo', exp: NOW + 60, iat: NOW }

const DAY = 86_400

const holder = (claims: object, { header = {}, clockToleranceSeconds = 0 } = {}) =>
  holderOf(
    header,
    { ...good, ...claims },
    { ...expected, clockToleranceSeconds, maxLifetimeSeconds: DAY },
    () => NOW * 1000
  )

t.test('what is believed', async (t) => {
  const ada = { id: 'ada', issuedAt: NOW, scopes: [] }
  t.same(holder({}), { user: ada, endsAt: NOW + 60 })
  t.same(holder({}, { clockToleranceSeconds: 5 }).endsAt, NOW + 65)
  t.same(holder({ exp: NOW - 4 }, { clockToleranceSeconds: 5 }).endsAt, NOW + 1)
  t.same(holder({ scope: 'a b' }).user.scopes, ['a', 'b'])
  t.same(holder({ scp: ['a', 7, 'b'] }).user.scopes, ['a', 'b'])
  t.equal(holder({ iat: undefined }).user.issuedAt, null)
  for (const iat of [NOW + 60, NOW - 0.5]) t.equal(holder({ iat }).user.issuedAt, iat)
  for (const claims of [{ typ: 'Bearer' }, { token_use: 'access' }]) t.ok(holder(claims))
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
  'issued who knows when': [{ iat: `${NOW}` }],
  'issued at no time': [{ iat: null }],
  'issued long before time': [{ iat: -1e300 }],
  'not yet': [{ nbf: NOW + 1 }],
  'not yet, in spite of the tolerance': [{ nbf: NOW + 6 }, { clockToleranceSeconds: 5 }],
  'text for a beginning': [{ nbf: `${NOW}` }],
  'an ID token': [{}, { header: { typ: 'id+jwt' } }],
  'an ID token of Keycloak': [{ typ: 'ID' }],
  'a refresh token of Keycloak': [{ typ: 'Refresh' }],
  'an ID token of Cognito': [{ token_use: 'id' }],
  'a type that is none': [{}, { header: { typ: null } }],
  'no subject': [{ sub: undefined }],
  'another than the caller': [{ sub: 'me' }]
}

t.test('what is refused', async (t) => {
  for (const [name, [claims, more]] of Object.entries(wrong)) {
    t.throws(() => holder(claims, more), { code: 'UNAUTHENTICATED' }, name)
  }
})

t.test('T53: how long a token may live, from its issue or else from now', async (t) => {
  const table: [object, boolean][] = [
    [{ iat: NOW - 10, exp: NOW - 10 + DAY }, true],
    [{ iat: NOW - 10, exp: NOW - 9 + DAY }, false],
    [{ iat: NOW - DAY + 1, exp: NOW + 1 }, true],
    [{ iat: NOW - DAY, exp: NOW + 1 }, false],
    [{ iat: NOW + 60, exp: NOW + 60 + DAY }, true],
    [{ iat: NOW + 61, exp: NOW + 60 + DAY }, false],
    [{ iat: 0, exp: NOW + 1 }, false],
    [{ iat: undefined, exp: NOW + DAY }, true],
    [{ iat: undefined, exp: NOW + DAY + 1 }, false],
    [{ exp: Number.MAX_SAFE_INTEGER }, false],
    [{ iat: NOW, nbf: NOW, exp: NOW + 1 }, true],
    [{ exp: NOW }, false]
  ]
  for (const [claims, isFine] of table) {
    const look = () => holder(claims)
    if (isFine) t.doesNotThrow(look, JSON.stringify(claims))
    else t.throws(look, { code: 'UNAUTHENTICATED' }, JSON.stringify(claims))
  }
})
