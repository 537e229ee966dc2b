// The demo page as the dev server gives it out: as browsers take it, under a strict policy, to this machine alone.

import { globSync } from 'node:fs'

import t from 'tap'

import { pageOf, people } from '../src/dev/page.ts'
import { startApp, startInstance } from './support/app.ts'

async function startPage(t: Parameters<typeof startApp>[0]) {
  const { sandbox, databaseUrl } = await startApp(t)
  const environment = { DATABASE_URL: databaseUrl, CORS_ORIGINS: 'http://localhost:5173' }
  const { app } = await startInstance(t, sandbox, environment, pageOf)
  return { app, sandbox }
}

t.test('the page is served under a CSP that runs and shows only its own', async (t) => {
  const { app, sandbox } = await startPage(t)
  const { statusCode, headers, body } = await app.inject('/')
  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': /^text\/html/, 'cache-control': 'no-cache' })
  const csp = `${headers['content-security-policy']}`.split('; ')
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${sandbox.endpoint}`,
    `connect-src 'self' ${sandbox.endpoint}`,
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'"
  ]) {
    t.ok(csp.includes(rule), rule)
  }
  t.notMatch(body, /<script>|<style| style=| on\w+=/, 'nothing inline')
  for (const [, path] of body.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)) {
    t.equal((await app.inject(path!)).statusCode, 200, `${path}`)
  }
})

t.test('modules come without their types, and what they import is there', async (t) => {
  const { app } = await startPage(t)
  const seen = new Set(['/page/main.ts'])
  for (const path of seen) {
    const { headers, body } = await app.inject(path)
    t.match(headers['content-type'], /^text\/javascript/, path)
    t.notMatch(body, /\b(import type|interface) /, path)
    for (const [, to] of body.matchAll(/ from '(\.[^']+)'/g)) {
      seen.add(new URL(to!, `http://x${path}`).pathname)
    }
  }
  for (const file of globSync('src/dev/page/*.ts')) {
    t.ok(seen.has(file.replace('src/dev', '')), `${file} is used`)
  }
  t.ok(seen.has('/client/upload.ts'))
})

t.test('there is no way to other files', async (t) => {
  const { app } = await startPage(t)
  for (const path of [
    '/page/../main.ts',
    '/page/..%2fmain.ts',
    '/page/%2e%2e/main.ts',
    '/page/..%5cmain.ts',
    '/page/%2fetc%2fpasswd',
    '/page/tsconfig.json',
    '/page/none.ts',
    '/page/',
    '/client/../config.ts',
    '/client/..%2fconfig.ts',
    '/dev/main.ts',
    '/pages/main.ts'
  ]) {
    t.equal((await app.inject(path)).statusCode, 404, path)
  }
})

t.test('its people get tokens, on this machine alone', async (t) => {
  const { app } = await startPage(t)
  const listed = (await app.inject('/page/people')).json()
  t.same(
    listed.people,
    Object.entries(people).map(([id, name]) => ({ id, name }))
  )

  const ask = (userId: string, more: object = {}) =>
    app.inject({ method: 'POST', url: `/page/people/${userId}`, ...more })
  for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000']) {
    const reply = await ask('bob', { headers: { host } })
    t.equal(reply.statusCode, 200, host)
    const headers = { authorization: `Bearer ${reply.json().token}` }
    t.equal((await app.inject({ url: '/api/avatars?userId=bob', headers })).statusCode, 200)
  }
  t.equal((await ask('admin')).statusCode, 404)
  t.equal((await ask('constructor')).statusCode, 404)
  t.equal((await ask('bob', { remoteAddress: '192.0.2.1' })).statusCode, 404, 'another machine')
  t.equal((await ask('bob', { headers: { host: 'evil.example' } })).statusCode, 404, 'rebound')

  const origins = ['http://localhost:5173', 'http://evil.example']
  const allowed = await Promise.all(
    origins.map(
      async (origin) =>
        (await ask('bob', { headers: { origin } })).headers['access-control-allow-origin']
    )
  )
  t.same(allowed, [origins[0], undefined], 'as --origin says')
})

t.test('without the page, / leads to the description, and there are no tokens', async (t) => {
  const { app } = await startApp(t)
  t.match(await app.inject('/'), { statusCode: 302, headers: { location: '/docs' } })
  for (const url of ['/page/main.ts', '/client/index.ts', '/page/people']) {
    t.equal((await app.inject(url)).statusCode, 404, url)
  }
  t.equal((await app.inject({ method: 'POST', url: '/page/people/ada' })).statusCode, 404)
})
