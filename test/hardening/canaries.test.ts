// Planted secrets once more, with each call to S3 failing in each way, each statement of Postgres, the keys of
// tokens, and the commands (THREATS T63, T64).

import type { RequestListener } from 'node:http'

import t from 'tap'

import type { Verb } from '../../src/dev/sandbox/verbs.ts'
import { canary } from '../support/canaries.ts'
import { startPlanted } from '../support/planted.ts'
import { AUDIENCE, ISSUER, keyPair, serveKeys } from '../support/provider.ts'

const nowhere = { everywhere: [], logged: [], traced: [] }
const verbs = ['HeadObject', 'CopyObject', 'GetObject', 'DeleteObjects', 'ListObjectsV2'] as const

t.test('each call to S3 fails in each way, and quotes', async (t) => {
  const planted = await startPlanted(t, { S3_DEADLINE_MS: '300' })
  const { misbehave } = planted.sandbox
  for (const verb of verbs) {
    const ways = [
      () => planted.quote(verb),
      () => planted.quote(verb, 500),
      () => planted.quote(verb, 200),
      () => misbehave.hang(verb)
    ]
    for (const [index, fail] of ways.entries()) {
      fail()
      await planted.callAll(`canary-user-${verb}-${index}`)
      misbehave.clear()
    }
  }
  const { spans, ...leaks } = await planted.leaks()
  t.same(leaks, nowhere)
  t.ok(spans > 500, `${spans} spans`)
})

t.test('Postgres refuses, forgets its tables, and goes away', async (t) => {
  const planted = await startPlanted(t)
  for (const table of ['uploads', 'objects', 'users']) {
    await planted.postgres(`alter table ${table} rename to away`)
    await planted.callAll(`canary-user-without-${table}`)
    await planted.postgres(`alter table away rename to ${table}`)
  }
  await planted.quoteRows()
  await planted.callAll('canary-user-refused')
  await planted.postgres(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $$directo$$'
  )
  await planted.callAll('canary-user-thrown-out')
  const { everywhere, logged, traced } = await planted.leaks()
  t.same({ everywhere, logged, traced }, nowhere)
})

t.test('the commands print no secret, whatever S3 and Postgres say', async (t) => {
  const planted = await startPlanted(t, { S3_DEADLINE_MS: '300' })
  await planted.callAll('canary-user-of-commands')
  // All but the first look at the bucket: without that they would not go on.
  const asked: Verb[] = [...verbs, 'PutObject', 'DeleteObject', 'GetBucketCors', 'PutBucketCors']
  for (const verb of [...asked, 'GetBucketLifecycle', 'GetPublicAccessBlock'] as const) {
    planted.quote(verb)
  }
  const commands = [['doctor'], ['sweep'], ['reconcile'], ['bucket', 'setup']]
  for (const argv of commands) t.equal(await planted.command(...argv), 1, argv.join(' '))
  planted.sandbox.misbehave.clear()
  await planted.quoteRows()
  for (const argv of [['doctor', '--json'], ['sweep'], ['reconcile', '--dry-run']]) {
    await planted.command(...argv)
  }
  const { everywhere, logged, traced } = await planted.leaks()
  t.same({ everywhere, logged, traced }, nowhere)
})

t.test('the address of the keys fails and quotes', async (t) => {
  const secret = canary('in-the-key-set')
  const query = canary('in-its-address')
  const { jwk, sign } = await keyPair('ES256', 'one')
  const served = await serveKeys(t, [jwk])
  const good = served.answer
  const planted = await startPlanted(
    t,
    {
      JWKS_URL: `${served.url}?key=${encodeURIComponent(query)}`,
      JWT_SECRET: '',
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE
    },
    { secret, query }
  )
  const ways: RequestListener[] = [
    (_request, reply) => void reply.writeHead(500, secret.replace(/\W/g, '')).end(secret),
    (_request, reply) => void reply.end(`{"keys": ${secret}`),
    (_request, reply) => void reply.end(JSON.stringify({ keys: [{ ...jwk, d: secret }, secret] })),
    (_request, reply) =>
      void reply.writeHead(302, { location: `/${encodeURIComponent(secret)}` }).end(),
    (request) => void request.socket.destroy(),
    (_request, reply) => void reply.end(secret.repeat(20_000)),
    good
  ]
  const statuses: number[] = []
  for (const answer of ways) {
    served.answer = answer
    await planted.service.restart()
    for (const kid of ['one', 'two', secret])
      statuses.push(await planted.callWith(await sign({ sub: 'canary-user-x' }, { kid })))
    await planted.callWith(await sign({ sub: 'canary-user-x', exp: 1, aud: secret }))
  }
  t.same([...new Set(statuses)].sort(), [401, 404, 503])
  const { everywhere, logged, traced } = await planted.leaks()
  t.same({ everywhere, logged, traced }, nowhere)
})
