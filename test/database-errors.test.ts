// What the service makes of Postgres's errors: try again, say it is away, or neither.

import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import t from 'tap'

import { errorCode, isDatabaseAway, retryConflicts } from '../src/db/errors.ts'
import { cloneDatabase } from './support/database.ts'

const coded = (code: string) => Object.assign(new Error(code), { code })

t.test('the one that a deadlock chose to yield is run again, and both get through', async (t) => {
  const url = await cloneDatabase(t)
  const clients = [postgres(url, { max: 1 }), postgres(url, { max: 1 })] as const
  t.teardown(() => Promise.all(clients.map((client) => client.end())))
  await clients[0]`insert into users (id) values ('ada'), ('bob')`
  await clients[0].unsafe(`alter role directo set deadlock_timeout = '10ms'`)

  let runs = 0
  let holding = 0
  const lock = async (client: (typeof clients)[number], order: string[]) => {
    await retryConflicts(() =>
      client.begin(async (tx) => {
        runs++
        await tx`select 1 from users where id = ${order[0]!} for update`
        holding++
        while (holding < 2) await new Promise((done) => setTimeout(done, 5))
        await tx`select 1 from users where id = ${order[1]!} for update`
      })
    )
  }
  await Promise.all([lock(clients[0], ['ada', 'bob']), lock(clients[1], ['bob', 'ada'])])
  t.equal(runs, 3)
})

t.test('it gives up after three tries, and at once on anything else', async (t) => {
  for (const [code, expected] of [
    ['23503', 3],
    ['40001', 3],
    ['40P01', 3],
    ['55P03', 3],
    ['23505', 1],
    ['57P01', 1]
  ] as const) {
    let runs = 0
    const failing = retryConflicts(async () => {
      runs++
      throw coded(code)
    })
    await t.rejects(failing, { code })
    t.equal(runs, expected, code)
  }
})

t.test('Postgres is away when it shuts down, is full, read-only or out of reach', (t) => {
  const away = ['57P01', '57P02', '57P03', '53300', '08006', '25006', '57014', '25P03']
  const unreachable = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EHOSTUNREACH', 'CONNECT_TIMEOUT']
  const untrusted = [
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER'
  ]
  for (const code of [...away, ...unreachable, ...untrusted])
    t.ok(isDatabaseAway(coded(code)), code)
  for (const code of ['23505', '42P01', '22P02']) t.notOk(isDatabaseAway(coded(code)), code)
  t.notOk(isDatabaseAway(new Error('without a code')))
  t.notOk(isDatabaseAway('no error at all'))
  t.end()
})

t.test('the code is found among the causes', async (t) => {
  const client = postgres('postgres://127.0.0.1:1/none', { max: 1 })
  t.teardown(() => client.end())
  const err = await drizzle(client)
    .execute('select 1')
    .catch((err: unknown) => err)
  t.equal(errorCode(err), 'ECONNREFUSED')
})
