// Secrets planted in everything that goes in are in nothing that comes out: answers, logs, traces, metrics (T63, T64).

import t from 'tap'

import { canary, formsOf, found } from './support/canaries.ts'
import { startPlanted } from './support/planted.ts'

t.test('a secret is found in every form', (t) => {
  const secret = canary('a/b+c d"é')
  const wrapped = (before: string) => Buffer.from(`${before}${secret} and more`)
  const texts: Record<string, string> = {
    plain: `x${secret}y`,
    JSON: JSON.stringify({ secret }),
    'a URL': new URLSearchParams({ secret }).toString().replaceAll('+', '%20'),
    'a path': encodeURIComponent(secret),
    hex: wrapped('').toString('hex'),
    HEX: wrapped('').toString('hex').toUpperCase(),
    ...Object.fromEntries(
      ['', 'a', 'ab', 'abc'].map((b) => [`base64 ${b}`, wrapped(b).toString('base64')])
    ),
    ...Object.fromEntries(
      ['', 'a', 'ab'].map((b) => [`base64url ${b}`, wrapped(b).toString('base64url')])
    )
  }
  for (const [name, text] of Object.entries(texts)) t.not(found({ secret }, text).length, 0, name)
  t.same(found({ secret }, `${secret.slice(1)} ${secret.slice(0, -1)}`), [])
  t.throws(() => formsOf('short'))
  t.end()
})

const nowhere = { everywhere: [], logged: [], traced: [] }

t.test('no secret comes out, whatever fails', async (t) => {
  const planted = await startPlanted(t)
  const { sandbox, lines, statuses } = planted
  await planted.callAll('canary-user-of-good-times')
  t.match(statuses, {
    ...{ create: 201, confirm: 200, reject: 422, abort: 204, read: 200, batch: 200, metrics: 200 },
    ...{ unknown: 404, 'broken path': 400, 'other method': 405, large: 413, form: 415, forged: 401 }
  })
  t.ok(lines.some((line) => line.includes('"route":"/api/uploads/:id/confirm"')))
  planted.quote('*')
  await planted.callAll('canary-user-of-bad-times')
  t.match(statuses, { confirm: 503 })
  sandbox.misbehave.clear()
  await planted.quoteRows()
  await planted.callAll('canary-user-of-worse-times')
  t.match(statuses, { create: 500 })
  const { spans, ...leaks } = await planted.leaks()
  t.same(leaks, nowhere)
  t.ok(spans > 50, `${spans} spans`)
})
