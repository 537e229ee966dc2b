// What reaches the service byte by byte: requests that two readers could take for different ones, methods,
// repeated parameters, and who is believed about where a request comes from.

import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'

import t, { type Test } from 'tap'

import { readConfig } from '../src/config.ts'
import { startApp } from './support/app.ts'

const hidden = 'DELETE /api/users/me/avatar HTTP/1.1\r\nhost: x\r\n\r\n'
const get = 'GET /health/live HTTP/1.1\r\n'
const post = 'POST /api/uploads HTTP/1.1\r\nhost: x\r\n'
const chunked = 'transfer-encoding: chunked\r\n'
const end = '\r\n0\r\n\r\n'

// THREATS T57, and RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.1, 6.3 and 7.1.
const ambiguous: Record<string, string> = {
  'a length and chunks': `${post}content-length: 5\r\n${chunked}${end}${hidden}`,
  'chunks and a length': `${post}${chunked}content-length: 5\r\n${end}${hidden}`,
  'two lengths': `${post}content-length: 0\r\ncontent-length: 5\r\n\r\n${hidden}`,
  'two equal lengths': `${post}content-length: 0\r\ncontent-length: 0\r\n\r\n`,
  'a list of lengths': `${post}content-length: 0, 5\r\n\r\n${hidden}`,
  'a length with a sign': `${post}content-length: +5\r\n\r\nhello`,
  'a negative length': `${post}content-length: -1\r\n\r\nhello`,
  'a length in hex': `${post}content-length: 0x5\r\n\r\nhello`,
  'a length beyond numbers': `${post}content-length: 99999999999999999999\r\n\r\nhello`,
  'another coding': `${post}transfer-encoding: xchunked\r\n\r\n${hidden}`,
  'chunks that are not last': `${post}transfer-encoding: chunked, identity\r\n${end}${hidden}`,
  'a coding before chunks': `${post}transfer-encoding: identity\r\n${chunked}${end}${hidden}`,
  'gzip before chunks': `${post}transfer-encoding: gzip, chunked\r\n${end}${hidden}`,
  'chunks after a vertical tab': `${post}transfer-encoding:\x0bchunked\r\n${end}${hidden}`,
  'chunks in HTTP/1.0': `POST /api/uploads HTTP/1.0\r\nhost: x\r\n${chunked}${end}${hidden}`,
  'a size of chunk in hex with 0x': `${post}${chunked}\r\n0x5\r\nhello${end}`,
  'a size of chunk beyond numbers': `${post}${chunked}\r\n10000000000000005\r\nhello${end}`,
  'an extension with a line end': `${post}${chunked}\r\n5;a\nhello${end}`,
  'a length in the trailer': `${post}${chunked}\r\n0\r\ncontent-length: 5\r\n\r\n${hidden}`,
  'a space before a colon': `${post}transfer-encoding : chunked\r\n${end}${hidden}`,
  'a folded header': `${get}host: x\r\nx-a: a\r\n b\r\n\r\n`,
  'a folded length': `${post}content-length:\r\n 5\r\n\r\nhello`,
  'a space before a header': `${get} host: x\r\n\r\n`,
  'a line without a colon': `${get}host: x\r\nnothing\r\n\r\n`,
  'bare line feeds': 'GET /health/live HTTP/1.1\nhost: x\n\n',
  'one bare line feed': `${get}host: x\nx-a: b\r\n\r\n`,
  'a bare carriage return': `${get}host: x\rx-a: b\r\n\r\n`,
  'a target that nobody can decode, and two hosts': `GET /%zz HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n${hidden}`,
  'a target that nobody can decode, and another coding': `POST /%zz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n${end}${hidden}`,
  'a fragment in a target': `GET /health/live#x HTTP/1.1\r\nhost: x\r\n\r\n${hidden}`,
  'a body in chunks where none is read': `${get}host: x\r\n${chunked}${end}${hidden}`,
  'two tokens': `${get}host: x\r\nauthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n${hidden}`,
  'two content types': `${post}content-type: application/json\r\nContent-Type: text/plain\r\n\r\n${hidden}`,
  'a NUL in a header': `${get}host: x\r\nx-a: a\0b\r\n\r\n`,
  'no host': `${get}\r\n${hidden}`,
  'two hosts': `${get}host: x\r\nHost: y\r\n\r\n${hidden}`,
  'a host with a space': `${get}host: a b\r\n\r\n`,
  'a host with a path': `${get}host: x/y\r\n\r\n`,
  'a target with a space': 'GET /health/live x HTTP/1.1\r\nhost: x\r\n\r\n',
  'a target that is an authority': 'GET x.example:80 HTTP/1.1\r\nhost: x\r\n\r\n',
  'a target beyond ASCII': 'GET /health/l\xefve HTTP/1.1\r\nhost: x\r\n\r\n',
  'no version': 'GET /health/live\r\n\r\n',
  'a version of the future': 'GET /health/live HTTP/1.2\r\nhost: x\r\n\r\n',
  'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a method in small letters': 'get /health/live HTTP/1.1\r\nhost: x\r\n\r\n'
}

t.test(
  'what two readers could understand differently is refused, and nothing after it',
  async (t) => {
    const say = await listen(t)
    for (const [name, text] of Object.entries(ambiguous)) {
      const answers = await say(text)
      t.match(answers, /^HTTP\/1\.1 400 [\s\S]*"code":"BAD_REQUEST"/, name)
      t.equal(statuses(answers).length, 1, `${name}: one answer, and the end`)
    }
  }
)

t.test('what is clear is answered, however unusual', async (t) => {
  const say = await listen(t)
  const live = `${get}host: x\r\n\r\n`
  const cases: [string, string, string[]][] = [
    ['two in one packet', live + live, ['200', '200']],
    ['an absolute target', 'GET http://y/health/live HTTP/1.1\r\nhost: x\r\n\r\n', ['200']],
    ['HTTP/1.0 without a host', 'GET /health/live HTTP/1.0\r\n\r\n', ['200']],
    [
      'a body where none is read',
      `${get}host: x\r\ncontent-length: ${live.length}\r\n\r\n${live}`,
      ['200']
    ],
    ['an upgrade', `${get}host: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`, ['200']],
    [
      'a wish to continue',
      `${post}expect: 100-continue\r\ncontent-length: 0\r\n\r\n`,
      ['100', '401']
    ],
    ['another wish', `${post}expect: more\r\ncontent-length: 0\r\n\r\n`, ['417']],
    ['a tunnel', 'CONNECT x.example:443 HTTP/1.1\r\nhost: x.example:443\r\n\r\n', []],
    ['dots', 'GET /docs/../health/live HTTP/1.1\r\nhost: x\r\n\r\n', ['404']],
    ['an encoded slash', 'GET /health%2flive HTTP/1.1\r\nhost: x\r\n\r\n', ['404']],
    ['a long target', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, ['431']],
    ['many headers', `${get}host: x\r\n${'a: b\r\n'.repeat(4000)}\r\n`, ['431']]
  ]
  for (const [name, text, expected] of cases) t.same(statuses(await say(text)), expected, name)
})

t.test(
  'an address that is too long ends the connection, whatever else is wrong with it',
  async (t) => {
    const say = await listen(t)
    const long = `/api/uploads/${'a'.repeat(200)}`
    const answers = await say(`GET ${long} HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n${hidden}`)
    t.same(statuses(answers), ['404'])
  }
)

t.test('an answer that came before the end of a body in chunks is the only one', async (t) => {
  const { app } = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const all = buffer(socket)
  socket.write(`${post}${chunked}\r\n`)
  await once(socket, 'readable')
  socket.write(`zz\r\nhello${end}${get}host: x\r\n\r\n`)
  t.same(statuses((await all).toString('latin1')), ['401'])
})

t.test('only application/json is read, however the type is spelled', async (t) => {
  const { app, ada } = await startApp(t)
  const say = await listenTo(app)
  const head = `${post}authorization: Bearer ${ada.token}\r\nconnection: close\r\n`
  const declare = (type: string) => `${head}content-type:${type}\r\ncontent-length: 2\r\n\r\n{}`
  // With a body that is read, the schema refuses it: 400. CVE-2025-32442, -2026-25223, -2026-33806
  for (const type of [
    'application/json',
    ' Application/JSON ; charset=utf-8',
    ' application/json;a=b'
  ]) {
    t.match(await say(declare(type)), 'INVALID_REQUEST', type)
  }
  const others = [
    'text/plain',
    'application/jsonx',
    'application/json+x',
    'application/x+json',
    '*/*'
  ]
  const odd = [
    'application/json\t;',
    'application/json x',
    'application/json, text/plain',
    '"application/json"'
  ]
  for (const type of [...others, ...odd, ' application', ' /', '\tapplication/\tjson', '']) {
    const answer = await say(declare(type))
    t.match(answer, /"code":"(UNSUPPORTED_MEDIA_TYPE|INVALID_REQUEST)"/, JSON.stringify(type))
    t.same(statuses(answer).length, 1)
  }
})

t.test('each address names the methods that it takes, and takes no others', async (t) => {
  const { app } = await startApp(t)
  const allowed = {
    '/api/uploads': 'POST',
    '/api/uploads/x': 'DELETE, GET, HEAD',
    '/api/uploads/x/confirm': 'POST',
    '/api/avatars': 'GET, HEAD',
    '/api/users/ada': 'DELETE',
    '/api/users/ada/avatar': 'DELETE, GET, HEAD',
    '/avatars/ada': 'GET, HEAD',
    '/health/live': 'GET, HEAD',
    '/health/ready': 'GET, HEAD',
    '/openapi.json': 'GET, HEAD',
    '/docs': 'GET, HEAD',
    '/': 'GET, HEAD'
  }
  for (const [url, allow] of Object.entries(allowed)) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'] as const) {
      const { statusCode, headers, body } = await app.inject({ method, url, payload: undefined })
      const isAllowed = allow.split(', ').includes(method)
      t.equal(statusCode === 405, !isAllowed, `${method} ${url}`)
      if (isAllowed) continue
      t.equal(headers.allow, allow, `${method} ${url}`)
      if (method !== 'HEAD') t.match(JSON.parse(body), { code: 'METHOD_NOT_ALLOWED' })
    }
  }
  const posing = {
    method: 'POST',
    url: '/health/live',
    headers: { 'x-http-method-override': 'GET' }
  }
  t.equal((await app.inject(posing as object)).statusCode, 405)
})

t.test('a parameter that is meant once may not come twice', async (t) => {
  const { app, ada } = await startApp(t)
  const headers = { authorization: `Bearer ${ada.token}` }
  for (const url of [
    '/avatars/ada?default=identicon&default=404',
    '/avatars/ada?default=identicon&default=identicon',
    '/avatars/ada?default[]=identicon',
    '/api/users/me/avatar?userId=bob&userId=eve'
  ]) {
    const reply = await app.inject({ url, headers })
    t.match(reply.json(), { status: 400, code: 'INVALID_REQUEST' }, url)
  }
})

t.test('T59: only listed proxies are believed about where a request comes from', async (t) => {
  const told = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example' }
  const seen = async (environment: Record<string, string>, remoteAddress: string) => {
    const { app } = await startApp(t, environment)
    app.get('/seen', { schema: { hide: true } as object }, async ({ ip, host }) => ({ ip, host }))
    return (await app.inject({ url: '/seen', headers: told, remoteAddress })).json()
  }
  t.match(await seen({}, '10.0.0.7'), { ip: '10.0.0.7', host: 'localhost:80' })
  const proxies = { TRUSTED_PROXIES: '10.0.0.0/8, fd00::1' }
  t.match(await seen(proxies, '10.0.0.7'), { ip: '203.0.113.9', host: 'evil.example' })
  t.match(await seen(proxies, '192.0.2.1'), { ip: '192.0.2.1', host: 'localhost:80' })
  for (const TRUSTED_PROXIES of [
    'true',
    '1',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    'proxy.example',
    '10.0.0.0/8/8',
    'fe80::1%eth0'
  ]) {
    const needed = {
      DATABASE_URL: 'postgres://x/y',
      S3_BUCKET: 'avatars',
      JWT_SECRET: 'x'.repeat(32)
    }
    t.throws(
      () => readConfig({ ...needed, TRUSTED_PROXIES }),
      /TRUSTED_PROXIES: "/,
      TRUSTED_PROXIES
    )
  }
})

t.test('who sends slowly or reads nothing has no longer than this', async (t) => {
  const { app } = await startApp(t)
  await app.ready()
  const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = app.server
  t.same(
    { headersTimeout, requestTimeout, timeout, keepAliveTimeout },
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      timeout: 150_000,
      keepAliveTimeout: 72_000
    }
  )
})

async function listen(t: Test) {
  const { app } = await startApp(t)
  return listenTo(app)
}

type App = Awaited<ReturnType<typeof startApp>>['app']

async function listenTo(app: App) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  return async (text: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}) // it may be closed before we have said all
    socket.end(text, 'latin1')
    return (await buffer(socket)).toString('latin1')
  }
}

const statuses = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
