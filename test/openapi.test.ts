// openapi.json is what the routes say, whole and up to date, and so is the page that shows it.

import { readFileSync } from 'node:fs'

import t from 'tap'

import { catalogue } from '../src/errors.ts'
import { reasonCodes } from '../src/reasons.ts'
import { startApp } from './support/app.ts'
import { describeApi } from './support/openapi/describe.ts'

const committed = readFileSync('openapi.json', 'utf8')
const document = JSON.parse(committed)
const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object))

t.test('openapi.json is what the routes say: otherwise npm run openapi', async (t) => {
  t.same(document, await describeApi())
})

t.test('every route is in it, and what it serves is the file', async (t) => {
  const { app } = await startApp(t)
  t.same(Object.keys(document.paths).sort(), [
    '/api/avatars',
    '/api/uploads',
    '/api/uploads/{id}',
    '/api/uploads/{id}/confirm',
    '/api/users/{userId}',
    '/api/users/{userId}/avatar',
    '/avatars/{userId}',
    '/health/live',
    '/health/ready'
  ])
  const reply = await app.inject('/openapi.json')
  t.equal(reply.body, committed)
  t.match(reply.headers['content-type'], 'application/json')
})

t.test('every code is in it, with an example where a call can answer it', async (t) => {
  const examples = Object.assign(
    {},
    ...Object.values(document.components.responses).map(examplesOf)
  )
  for (const [code, [status]] of Object.entries(catalogue)) {
    t.match(document.info.description, `\`${code}\` | ${status} |`)
    if (code === 'METHOD_NOT_ALLOWED') continue // of an operation that there is not
    t.match(examples[code]?.value, { code, status, type: 'about:blank' }, code)
  }
  for (const code of reasonCodes) t.match(document.info.description, code)
})

t.test(
  'every operation has a name of its own, a summary and a tag that is explained',
  async (t) => {
    const names = operations.map(({ operationId }) => operationId)
    t.equal(new Set(names).size, operations.length)
    const tags = document.tags.map(({ name }: { name: string }) => name)
    for (const {
      operationId,
      summary,
      tags: [tag]
    } of operations) {
      t.match(summary, /^[A-Z].*[^.]$/, operationId)
      t.ok(tags.includes(tag), operationId)
    }
  }
)

t.test('the page shows every call and every code, and may run and load nothing', async (t) => {
  const { app } = await startApp(t)
  const { headers, body } = await app.inject('/docs')
  t.match(headers, { 'content-type': 'text/html; charset=utf-8' })
  t.match(headers['content-security-policy'], /^default-src 'none'; style-src 'sha256-[^']{44}';/)
  for (const { operationId } of operations) t.match(body, `id="${operationId}"`)
  for (const code of Object.keys(catalogue)) t.match(body, `<code>${code}</code>`)
  for (const name of Object.keys(document.components.schemas)) t.match(body, `<h3 id="${name}">`)
  t.notMatch(body, /<script|undefined|\[object|style=|https?:/)
})

const examplesOf = (response: unknown) =>
  (response as { content: Record<string, { examples: object }> }).content[
    'application/problem+json'
  ]!.examples
