// T58: a body says everything once. Of two values, whoever looked before us may have believed the other.

import t from 'tap'

import { startApp } from './support/app.ts'

const fields = '"purpose":"avatar","contentType":"image/png"'

const twice = {
  'a size twice': `{${fields},"sizeBytes":1,"sizeBytes":2}`,
  'the same size twice': `{${fields},"sizeBytes":1,"sizeBytes":1}`,
  'a size twice, with spaces': `{${fields}, "sizeBytes" : 1,\n\t"sizeBytes"\r\n : 2 }`,
  'a size twice, once in escapes': `{${fields},"sizeBytes":1,"\\u0073izeBytes":2}`,
  'a purpose first and last': `{"purpose":"x",${fields},"sizeBytes":1}`,
  'an unknown field twice': `{${fields},"sizeBytes":1,"a":1,"a":2}`
}

const once = {
  'a value that looks like fields': `{"purpose":"avatar","contentType":"\\":\\"a\\":","sizeBytes":1}`,
  'a value that ends in a backslash': `{"purpose":"avatar","contentType":"a\\\\","sizeBytes":1}`,
  'a value with a colon after a quote': `{"purpose":"avatar","contentType":"a\\" :","sizeBytes":1}`
}

t.test('T58: a field that comes twice is refused, and nothing is recorded', async (t) => {
  const { ada, app, sql } = await startApp(t)
  const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' }
  const post = async (payload: string, url = '/api/uploads') =>
    (await app.inject({ method: 'POST', url, headers, payload })).json()
  for (const [name, body] of Object.entries(twice)) {
    t.match(await post(body), { status: 400, code: 'BAD_REQUEST', detail: /field twice/ }, name)
  }
  t.same(await sql`select 1 from uploads`, [])
  for (const [name, body] of Object.entries(once)) {
    t.match(await post(body), { status: 422, code: 'CONTENT_TYPE_NOT_ALLOWED' }, name)
  }
  const confirm = `/api/uploads/${'0'.repeat(32)}/confirm`
  t.match(await post('{"a":1,"a":1}', confirm), { code: 'BAD_REQUEST' })
  t.match(await post('{}', confirm), { code: 'UPLOAD_NOT_FOUND' })
  t.match(await post('null', confirm), { code: 'UPLOAD_NOT_FOUND' })
  for (const body of ['[{"a":1},{"a":1}]', '"a"', '7', `{${fields},"sizeBytes":{"a":1,"a":2}}`]) {
    t.match(await post(body), { code: 'INVALID_REQUEST' }, body)
  }
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`
  t.match(await post(deep), { code: 'INVALID_REQUEST' })
})
