// What the log has: one line for each request, with its id, and of errors only what they may say (T63, T64, T65).

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

import fc from 'fast-check'
import t, { type Test } from 'tap'

import { buildApp } from '../src/app.ts'
import type { Deps } from '../src/deps.ts'
import { problem } from '../src/errors.ts'
import { serializers, told } from '../src/log.ts'
import { startApp } from './support/app.ts'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

async function startLogged(t: Test, deps: Deps) {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const app = await buildApp(deps, { level: 'trace', stream })
  t.teardown(() => app.close())
  return { app, said: () => lines.splice(0) }
}

t.test('every answer has an id, and so has every line about it', async (t) => {
  const { deps, ada } = await startApp(t)
  const { app, said } = await startLogged(t, deps)
  const authorization = `Bearer ${ada.token}`
  const headers = { authorization, 'content-type': 'application/json' }
  const post = (payload: string, more = headers) =>
    app.inject({ method: 'POST', url: '/api/uploads', headers: more, payload })
  const answers: [number, ReturnType<typeof post>][] = [
    [200, app.inject('/health/live')],
    [302, app.inject('/')],
    [400, app.inject('/api/uploads/%zz')],
    [400, post('{')],
    [401, app.inject('/api/users/me/avatar')],
    [
      403,
      app.inject({ method: 'DELETE', url: '/api/users/bob/avatar', headers: { authorization } })
    ],
    [404, app.inject('/nothing')],
    [404, app.inject(`/api/uploads/${'a'.repeat(200)}`)],
    [405, app.inject({ method: 'POST', url: '/health/live' })],
    [413, post(`"${'x'.repeat(20_000)}"`)],
    [415, post('x', { ...headers, 'content-type': 'text/plain' })]
  ]
  const ids = new Set<string>()
  for (const [status, answering] of answers) {
    const { statusCode, headers } = await answering
    t.equal(statusCode, status)
    t.match(headers['x-request-id'], UUID, `${status}`)
    ids.add(`${headers['x-request-id']}`)
  }
  t.equal(ids.size, answers.length, 'each its own')
  const logged = new Set(said().map((line) => JSON.parse(line).requestId))
  t.same([...logged].sort(), [...ids].sort())
})

t.test("the caller's own id is kept if it is one", async (t) => {
  const { deps } = await startApp(t)
  const { app, said } = await startLogged(t, deps)
  const answered = async (given: string | string[]) => {
    const reply = await app.inject({ url: '/health/live', headers: { 'x-request-id': given } })
    const [line] = said()
    t.equal(JSON.parse(line!).requestId, reply.headers['x-request-id'])
    return reply.headers['x-request-id'] as string
  }
  for (const id of ['a', '7f3a.B_c-9:1/2+3=', 'x'.repeat(64)]) t.equal(await answered(id), id)
  const others = [
    '',
    ' ',
    'a b',
    'x'.repeat(65),
    'a,b',
    'a"b',
    'é',
    '{}',
    'a\tb',
    `ey${'J'.repeat(90)}`
  ]
  for (const id of others) t.match(await answered(id), UUID, JSON.stringify(id))
  t.match(await answered(['a', 'b']), UUID)
})

t.test('pages of other origins may read it', async (t) => {
  const { app } = await startApp(t, { CORS_ORIGINS: 'https://app.example' })
  const origin = 'https://app.example'
  const { headers } = await app.inject({ url: '/health/live', headers: { origin } })
  t.match(headers['access-control-expose-headers'], 'x-request-id')
  const method = { origin, 'access-control-request-method': 'POST' }
  const preflight = await app.inject({ method: 'OPTIONS', url: '/api/uploads', headers: method })
  t.match(preflight.headers['x-request-id'], UUID)
})

t.test('what is not even HTTP is answered and logged with an id', async (t) => {
  const { deps } = await startApp(t)
  const { app, said } = await startLogged(t, deps)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  said()
  const socket = connect(port, '127.0.0.1')
  socket.end('a secret that is no HTTP\r\n\r\n')
  const [, id] = /\r\nx-request-id: (\S+)\r\n/.exec(await text(socket)) ?? []
  t.match(id, UUID)
  const lines = said()
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0]!), { requestId: id, status: 400, code: /^HPE_/ })
  t.notMatch(lines[0], 'secret')
})

t.test('the lines inside a request have its id', async (t) => {
  const { deps, sql, ada } = await startApp(t)
  const { app, said } = await startLogged(t, deps)
  await sql`alter table uploads rename to away`
  const headers = { authorization: `Bearer ${ada.token}`, 'x-request-id': 'of-the-caller' }
  await app.inject({ url: `/api/uploads/${'a'.repeat(32)}`, headers })
  const lines = said().map((line) => JSON.parse(line))
  t.match(lines, [
    { requestId: 'of-the-caller', code: 'INTERNAL', err: { type: 'PostgresError', code: '42P01' } },
    { requestId: 'of-the-caller', status: 500, msg: 'answered' }
  ])
})

t.test('an event is a line, whatever is in it', async (t) => {
  const { deps, ada } = await startApp(t)
  const { app, said } = await startLogged(t, deps)
  const nasty = fc.string({ unit: 'binary', maxLength: 40 })
  const lineEnds = fc.constantFrom('\n{"level":60}\n', '\r\n', '\u2028', '\u0085', '\0', '\x1b[2K')
  const value = fc.tuple(nasty, lineEnds, nasty).map((parts) => parts.join(''))
  const keys = [
    'bytes',
    'code',
    'hostname',
    'level',
    'method',
    'ms',
    'msg',
    'pid',
    'requestId',
    'status',
    'time'
  ]
  const property = fc.asyncProperty(value, value, fc.boolean(), async (one, other, isKnown) => {
    const authorization = isKnown ? `Bearer ${ada.token}` : other
    const headers = { 'x-request-id': one, 'user-agent': other, referer: one, authorization }
    const url = `/api/uploads/${encodeURIComponent(one.toWellFormed())}?q=${encodeURIComponent(other.toWellFormed())}`
    await app.inject({ url, headers })
    const lines = said()
    if (lines.length !== 1 || !/^[^\n\r]+\n$/.test(lines[0]!))
      throw new Error(`${lines.length} lines`)
    const names = Object.keys(JSON.parse(lines[0]!)).filter((name) => name !== 'route')
    if (names.sort().join() !== keys.join()) throw new Error(names.join())
  })
  await fc.assert(property, { numRuns: 200 })
})

t.test('an error says what it is and where, and its message only if it is ours', (t) => {
  const secret = 'the-secret'
  const ours = problem('INTERNAL', undefined, { cause: new Error(secret) })
  t.match(told(ours), { type: 'Problem', message: 'Internal error.', cause: { type: 'Error' } })
  t.notMatch(JSON.stringify(told(ours)), secret)
  const thrown = [
    catching(() => JSON.parse(secret)),
    catching(() => BigInt(secret)),
    catching(() => Buffer.alloc(secret as unknown as number)),
    catching(() => new URL(secret)),
    Object.assign(new Error(`x\n    at ${secret} (/a.ts:1:1)`), { code: secret, name: secret }),
    Object.assign(new Error(secret), {
      $response: secret,
      query: secret,
      detail: secret,
      address: 1
    })
  ]
  for (const err of thrown) {
    const said = told(err)
    t.notMatch(JSON.stringify(said), secret)
    t.match(said.stack, / at /)
  }
  t.same(told(secret), { type: 'string' }, 'whatever is thrown')
  t.match(told(Object.assign(new Error(), { message: undefined })), { type: 'Error' })
  t.match(
    told(Object.assign(new Error(), { code: 'ECONNREFUSED', syscall: 'connect', port: 5432 })),
    {
      ...{ code: 'ECONNREFUSED', syscall: 'connect', port: 5432 }
    }
  )
  const request = { method: 'GET', url: `/?${secret}`, routeOptions: { url: '/:id' } }
  t.same(serializers.req(request), { method: 'GET', route: '/:id' })
  t.same(serializers.res({ statusCode: 200 }), { status: 200 })
  const endless = new Error()
  endless.cause = endless
  t.ok(JSON.stringify(told(endless)).length < 10_000)
  t.end()
})

function catching(act: () => unknown) {
  try {
    return act()
  } catch (err) {
    return err
  }
}
