// The HTTP surface: strict schemas, problem+json everywhere, nothing told that should not be.

import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'

import t from 'tap'

import { buildApp } from '../src/app.ts'
import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)
const body = { purpose: 'avatar', contentType: 'image/png', sizeBytes: 400 }

t.test('T58, T61, T66: bad input is refused with a code, and nothing is recorded', async (t) => {
  const { ada, app, sql } = await startApp(t)
  const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' }
  const post = (payload: string | object, more = {}, url = '/api/uploads') =>
    app.inject({ method: 'POST', url, headers: { ...headers, ...more }, payload })
  const is = (status: number, code: string) => ({ status, code })
  const invalid = is(400, 'INVALID_REQUEST')
  const json = (value: string) => `{"purpose":"avatar","contentType":"image/png",${value}}`

  const cases: [string, ReturnType<typeof post>, object][] = [
    ['an unknown field', post({ ...body, key: 'x' }), { ...invalid, detail: /: key\.$/ }],
    ['a state', post({ ...body, state: 'confirmed' }), invalid],
    ['a number as text', post({ ...body, sizeBytes: '400' }), invalid],
    ['a fraction', post({ ...body, sizeBytes: 1.5 }), invalid],
    ['nothing at all', post({ ...body, sizeBytes: 0 }), invalid],
    ['less than nothing', post({ ...body, sizeBytes: -1 }), invalid],
    ['more than there is', post(json('"sizeBytes":1e400')), invalid],
    ['null', post({ ...body, sizeBytes: null }), invalid],
    ['a missing field', post({ purpose: 'avatar' }), invalid],
    ['another purpose', post({ ...body, purpose: 'x' }), { ...invalid, detail: /: avatar\.$/ }],
    ['a short hash', post({ ...body, sha256: 'abc' }), invalid],
    ['a hash in capitals', post({ ...body, sha256: 'A'.repeat(64) }), invalid],
    ['a list', post([body]), invalid],
    ['no body', post(''), invalid],
    ['a query', post(body, {}, '/api/uploads?key=avatars/x'), invalid],
    ['__proto__', post(json('"sizeBytes":1,"__proto__":{}')), is(400, 'BAD_REQUEST')],
    ['constructor', post(json('"constructor":{"prototype":{}}')), is(400, 'BAD_REQUEST')],
    ['half a JSON', post('{"purpose":'), is(400, 'BAD_REQUEST')],
    ['text', post('x', { 'content-type': 'text/plain' }), is(415, 'UNSUPPORTED_MEDIA_TYPE')],
    ['a form', post('a=b', { 'content-type': 'x/y' }), is(415, 'UNSUPPORTED_MEDIA_TYPE')],
    ['too much', post({ ...body, sha256: 'a'.repeat(20_000) }), is(413, 'PAYLOAD_TOO_LARGE')]
  ]
  for (const [name, sending, expected] of cases) {
    const reply = await sending
    t.match(reply.json(), expected, name)
    t.match(reply.headers['content-type'], 'application/problem+json', name)
  }
  t.same(await sql`select 1 from uploads`, [])
})

t.test('confirm takes no facts from clients', async (t) => {
  const { ada } = await startApp(t)
  const upload = await ada.sent(picture)
  const lies = [{ sizeBytes: 1 }, { key: 'avatars/x' }, { status: 'confirmed' }, { etag: 'x' }]
  for (const lie of lies) {
    const confirming = ada.call('POST', `/api/uploads/${upload.id}/confirm`, lie)
    await t.rejects(confirming, { status: 400, code: 'INVALID_REQUEST' })
  }
  t.match(await ada.read(upload), { state: 'open' })
  await ada.call('POST', `/api/uploads/${upload.id}/confirm`, {})
})

t.test('a header that promises JSON may come with no body', async (t) => {
  const { ada, app } = await startApp(t)
  const upload = await ada.sent(picture)
  const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' }
  const url = `/api/uploads/${upload.id}/confirm`
  t.equal((await app.inject({ method: 'POST', url, headers })).statusCode, 200)
})

t.test('T63: a 500 says nothing of its cause', async (t) => {
  const { ada, app, sql } = await startApp(t)
  await sql`alter table uploads rename to uploads_secret_name`
  const url = `/api/uploads/${'a'.repeat(32)}`
  const headers = { authorization: `Bearer ${ada.token}` }
  const reply = await app.inject({ url, headers })
  t.match(reply.headers, { 'content-type': 'application/problem+json' })
  t.same(reply.json(), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'INTERNAL',
    detail: 'Internal error.'
  })
})

t.test('an unknown address and a broken one are problems too', async (t) => {
  const { ada, app } = await startApp(t)
  for (const url of ['/nothing/here', '/api/uploads/%zz', `/api/uploads/${'a'.repeat(200)}`]) {
    t.match((await app.inject(url)).headers, {
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store'
    })
  }
  t.match((await app.inject('/nothing/here')).json(), { status: 404, code: 'NOT_FOUND' })
  t.match((await app.inject('/api/uploads/%zz')).json(), { status: 400, code: 'BAD_REQUEST' })
  const headers = { authorization: `Bearer ${ada.token}` }
  const nul = await app.inject({ url: '/api/uploads/%00', headers })
  t.match(nul.json(), { status: 404, code: 'UPLOAD_NOT_FOUND' })
  const user = await app.inject({ url: '/api/users/%00/avatar', headers })
  t.match(user.json(), { status: 400, code: 'INVALID_REQUEST' })
  const long = await app.inject(`/api/uploads/${'a'.repeat(200)}`)
  t.match(long.json(), { status: 404, code: 'NOT_FOUND' })
})

t.test('a created upload is found at its location', async (t) => {
  const { ada, app } = await startApp(t)
  const headers = { authorization: `Bearer ${ada.token}` }
  const created = await app.inject({ method: 'POST', url: '/api/uploads', headers, payload: body })
  t.equal(created.statusCode, 201)
  const { id, sendBy, expiresAt } = created.json()
  t.equal(created.headers.location, `/api/uploads/${id}`)
  const read = await app.inject({ url: created.headers.location as string, headers })
  t.match(read.json(), { id, state: 'open', ...body, expiresAt, confirmedAt: null, reasons: null })
  t.ok(sendBy < expiresAt, 'bytes sent last can still be confirmed')
})

t.test('what holds a signed URL is kept by no shared cache', async (t) => {
  const { ada, app } = await startApp(t)
  await ada.upload(picture)
  const headers = { authorization: `Bearer ${ada.token}` }
  const { headers: answer } = await app.inject({ url: '/api/users/me/avatar', headers })
  t.match(answer, { 'cache-control': 'private, max-age=60', 'referrer-policy': 'no-referrer' })
  t.notOk(answer['set-cookie'])
})

t.test('T62: only pages of the listed origins may call', async (t) => {
  const { app } = await startApp(t, { CORS_ORIGINS: 'https://app.example,https://b.example' })
  const preflight = (origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/api/uploads',
      headers: { origin, 'access-control-request-method': 'POST' }
    })
  const { headers } = await preflight('https://app.example')
  t.equal(headers['access-control-allow-origin'], 'https://app.example')
  t.notOk((await preflight('https://evil.example')).headers['access-control-allow-origin'])
})

t.test('what is not HTTP is answered with a problem too', async (t) => {
  const { app } = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const say = async (text: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.end(text)
    return (await buffer(socket)).toString()
  }
  t.match(await say('complete garbage\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"code":"BAD_REQUEST"/)
  const headers = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`
  t.match(
    await say(headers),
    /^HTTP\/1\.1 431 [\s\S]*application\/problem\+json[\s\S]*HEADERS_TOO_LARGE/
  )
  const preflight = await app.inject({ method: 'OPTIONS', url: '/api/uploads' })
  t.match(preflight.headers['content-type'] ?? 'application/problem+json', 'problem+json')
})

t.test('F37: closing waits for what is under way and for nothing else', async (t) => {
  const { ada, app, sandbox } = await startApp(t)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const upload = await ada.sent(picture)
  let closed: Promise<unknown> = Promise.resolve()
  sandbox.misbehave.before({ verb: 'CopyObject', times: 1 }, () => {
    closed = app.close()
  })
  const url = `${address}/api/uploads/${upload.id}/confirm`
  const headers = { authorization: `Bearer ${ada.token}` }
  const reply = await fetch(url, { method: 'POST', headers })
  t.equal(reply.status, 200)
  t.equal(reply.headers.get('connection'), 'close')
  await reply.arrayBuffer()
  await closed
})

t.test('a database without the newest migration is not ready', async (t) => {
  const { app, sql } = await startApp(t)
  await sql`drop table usage`
  const told = { status: 503, code: 'DATABASE_UNAVAILABLE', detail: /not migrated/ }
  t.match((await app.inject('/health/ready')).json(), told)
})

t.test('it is alive and ready', async (t) => {
  const { app } = await startApp(t)
  for (const path of ['/health/live', '/health/ready']) {
    t.same((await app.inject(path)).json(), { status: 'ok' })
  }
})

t.test('T64, T65: one line a request, with nothing of the caller in it', async (t) => {
  const { deps, app } = await startApp(t)
  const lines: string[] = []
  const logged = await buildApp(deps, {
    stream: { write: (line: string) => void lines.push(line) }
  })
  t.teardown(() => logged.close())
  const headers = { authorization: `Bearer ${app.jwt.sign({ sub: 'ada' }, { expiresIn: '1h' })}` }
  await logged.inject({ url: '/api/users/ada-lovelace/avatar?secret=1', headers })
  await logged.inject({ url: '/api/avatars?userId=ada-lovelace', headers })
  await logged.inject('/nothing/ada-lovelace')
  await logged.inject('/health/live') // every second, by every balancer
  const said = lines.map((line) => JSON.parse(line))
  t.match(said, [
    {
      msg: 'answered',
      method: 'GET',
      route: '/api/users/:userId/avatar',
      status: 400,
      code: 'INVALID_REQUEST'
    },
    { msg: 'answered', method: 'GET', route: '/api/avatars', status: 200 },
    { msg: 'answered', method: 'GET', status: 404, code: 'NOT_FOUND' }
  ])
  t.notOk('code' in said[1])
  t.equal(said.length, 3)
  t.notMatch(lines.join(''), /lovelace|secret|Bearer|ey[JK]/)
})
