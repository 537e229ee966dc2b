// POST policies: the document, its conditions, and the forms that meet them.

import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post'
import t, { type Test } from 'tap'

import { judgePolicy, readPolicy } from '../src/dev/sandbox/policy.ts'
import { FILENAME } from './support/attacks-blocks.ts'
import { formOf, type Part, sendForm } from './support/attacks-form.ts'
import { BUCKET, startTestSandbox } from './support/sandbox.ts'

const SOON = '2030-01-01T00:00:00.000Z'
const encode = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64')

t.test('documents that make no sense are refused', async (t) => {
  const wrong: unknown[] = [
    null,
    [],
    {},
    { conditions: [] },
    { expiration: 5, conditions: [] },
    { expiration: 'soon', conditions: [] },
    { expiration: '2030-13-01T00:00:00Z', conditions: [] },
    { expiration: '2030-01-01', conditions: [] },
    { Expiration: SOON, conditions: [] },
    { expiration: SOON },
    { expiration: SOON, Conditions: [] },
    { expiration: SOON, conditions: {} },
    ...[
      null,
      'key',
      {},
      { key: 'a', acl: 'b' },
      { key: 5 },
      ['eq', '$key'],
      ['eq', 'key', 'a'],
      ['eq', '$key', 5],
      ['eq', '$key', 'a', 'b'],
      ['EQ', '$key', 'a'],
      ['matches', '$key', 'a'],
      ['starts-with', 5, 'a'],
      ['content-length-range', 1],
      ['content-length-range', 'a', 2],
      ['content-length-range', -1, 2],
      ['content-length-range', 1, 2, 3]
    ].map((condition) => ({ expiration: SOON, conditions: [condition] }))
  ]
  for (const document of wrong) {
    const refusal = { code: 'InvalidPolicyDocument', status: 400 }
    t.throws(() => readPolicy(encode(document)), refusal, JSON.stringify(document))
  }
  t.throws(() => readPolicy('e30'), { code: 'InvalidPolicyDocument' })
  t.throws(() => readPolicy('not json'), { code: 'InvalidPolicyDocument' })
})

t.test('conditions hold or do not', async (t) => {
  const prefix = (field: string, value: string) => ['starts-with', field, value]
  const cases: [unknown[], Record<string, string>, boolean][] = [
    [[{ key: 'a' }], { key: 'a' }, true],
    [[{ KEY: 'a' }], { key: 'a' }, true],
    [[['eq', '$Key', 'a']], { key: 'a' }, true],
    [[{ key: 'a' }], { key: 'A' }, false],
    [[{ key: 'a' }], { key: 'a,a' }, false],
    [[{ key: 'a' }], {}, false],
    [[{ key: 'a' }, { key: 'b' }], { key: 'a' }, false],
    [[prefix('$key', 'a/')], { key: 'a/b' }, true],
    [[prefix('$key', 'a/')], { key: 'a/' }, true],
    [[prefix('$key', 'a/')], { key: 'a' }, false],
    [[prefix('$key', 'a/')], { key: 'b,a/' }, false],
    [[prefix('$key', '')], { key: 'anything' }, true],
    [[prefix('$key', '')], { key: '' }, true],
    [[prefix('$key', '')], {}, false],
    [[prefix('$Content-Type', 'image/')], { 'content-type': 'image/png' }, true],
    [[prefix('$Content-Type', 'image/')], { 'content-type': 'image/png, image/gif' }, true],
    [[prefix('$Content-Type', 'image/')], { 'content-type': 'image/png,text/html' }, false],
    [[prefix('$x-amz-meta-a', 'a')], { 'x-amz-meta-a': 'a,b' }, true],
    [[], {}, true],
    [[], { acl: 'private' }, false],
    [[], { 'x-ignore-acl': 'private' }, true],
    [[], { 'x-amz-signature': 'x', policy: 'x', file: 'x' }, true],
    [[], { 'x-amz-date': 'x' }, false],
    [[{ bucket: BUCKET }], {}, true],
    [[{ bucket: BUCKET }], { bucket: BUCKET }, true],
    [[{ bucket: BUCKET }], { bucket: 'other' }, false],
    [[{ bucket: 'other' }], {}, false],
    [[{ bucket: 'other' }], { bucket: 'other' }, false],
    [[], { bucket: BUCKET }, false],
    [[{ __proto__: null, constructor: 'x' }], { constructor: 'x' }, true],
    [[], { constructor: 'x' }, false]
  ]
  for (const [conditions, fields, holds] of cases) {
    const policy = readPolicy(encode({ expiration: SOON, conditions }))
    const judge = () =>
      judgePolicy(policy, new Map(Object.entries(fields)), BUCKET, new Date(0), new Set())
    const title = JSON.stringify([conditions, fields])
    if (holds) t.doesNotThrow(judge, title)
    else t.throws(judge, { code: 'AccessDenied', status: 403 }, title)
  }
})

t.test('ranges of length add up, and time runs out', async (t) => {
  const judge = (conditions: unknown[], now: string) =>
    judgePolicy(
      readPolicy(encode({ expiration: SOON, conditions })),
      new Map(),
      BUCKET,
      new Date(now),
      new Set()
    )
  const range = (min: unknown, max: unknown) => ['content-length-range', min, max]
  t.same(judge([], SOON), { min: 0, max: Number.POSITIVE_INFINITY })
  t.same(judge([range(1, 10), range('5', '20')], SOON), { min: 5, max: 10 })
  t.throws(() => judge([], '2030-01-01T00:00:00.001Z'), { message: /expired/ })
})

t.test('forms', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const send = async (
    grant: Partial<PresignedPostOptions>,
    change: (parts: Part[]) => void = () => {},
    filename = 'a.png'
  ) => {
    const { url, fields } = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'k', ...grant })
    const form = formOf(url, fields, Buffer.from('hello'))
    form.parts.at(-1)!.filename = filename
    change(form.parts)
    return sendForm(form)
  }
  const stored = async (t: Test, key: string) => {
    const object = await sandbox.door.get(BUCKET, key)
    t.equal(object?.body.toString(), 'hello', key)
    return object!.headers
  }
  t.afterEach(() => {
    for (const key of sandbox.door.list(BUCKET)) sandbox.door.delete(BUCKET, key)
  })

  t.test('store what they describe', async (t) => {
    const Fields = {
      'Content-Type': 'image/png',
      'Cache-Control': 'private',
      'Content-Disposition': 'attachment; filename="ü.png"',
      'x-amz-meta-owner': 'ada'
    }
    t.equal((await send({ Fields })).status, 204)
    t.same(await stored(t, 'k'), {
      'content-type': 'image/png',
      'cache-control': 'private',
      'content-disposition': Buffer.from('attachment; filename="ü.png"').toString('latin1'),
      'x-amz-meta-owner': 'ada'
    })
    t.match(sandbox.requests.at(-1), { verb: 'PostObject', bucket: BUCKET, key: 'k', status: 204 })
    t.equal((await send({})).status, 204)
    t.same(await stored(t, 'k'), { 'content-type': 'binary/octet-stream' })
  })

  t.test('take the file’s name into their fields', async (t) => {
    await send({ Key: `up/${FILENAME}` }, () => {}, 'b$&.png')
    await stored(t, 'up/b$&.png')
    await send({ Key: `up/${FILENAME}` }, () => {}, 'C:\\\\pictures\\\\c.png')
    await stored(t, 'up/c.png')
    await send({ Key: `up/${FILENAME}` }, ([...parts]) => {
      delete parts.at(-1)!.filename
    })
    await stored(t, 'up/')
    const Fields = { 'x-amz-meta-name': FILENAME }
    t.equal((await send({ Fields })).status, 403, 'the value is what it becomes')
    const Conditions = [['starts-with', '$x-amz-meta-name', ''] as ['starts-with', string, string]]
    await send({ Conditions }, (parts) =>
      parts.splice(-1, 0, { name: 'x-amz-meta-name', value: `n/${FILENAME}` })
    )
    t.match(await stored(t, 'k'), { 'x-amz-meta-name': 'n/a.png' })
  })

  t.test('join repeated fields', async (t) => {
    const Fields = { 'x-amz-meta-list': 'a,b' }
    const repeat = (parts: Part[]) => {
      parts.find(({ name }) => name === 'x-amz-meta-list')!.value = 'a'
      parts.splice(-1, 0, { name: 'X-Amz-Meta-List', value: 'b' })
    }
    t.equal((await send({ Fields }, repeat)).status, 204)
    t.match(await stored(t, 'k'), { 'x-amz-meta-list': 'a,b' })
  })

  t.test('are refused when they ask for what cannot be', async (t) => {
    const refuse = async (grant: Partial<PresignedPostOptions>, code: string) =>
      t.match(await send(grant), { code })
    await refuse({ Fields: { acl: 'public-read' } }, 'AccessControlListNotSupported')
    await refuse({ Fields: { tagging: '<Tagging/>' } }, 'NotImplemented')
    await refuse({ Fields: { 'x-amz-meta-a': 'a\nb' } }, 'InvalidArgument')
    await refuse({ Fields: { 'x-amz-meta-a': 'x'.repeat(2048) } }, 'MetadataTooLarge')
    await refuse({ Key: '' }, 'InvalidArgument')
    await refuse({ Key: 'k'.repeat(1025) }, 'KeyTooLongError')
    await refuse({ Fields: { 'x-amz-checksum-sha256': 'x' } }, 'InvalidRequest')
    await refuse({ Fields: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 'BadDigest')
    t.same(sandbox.door.list(BUCKET), [])
  })

  t.test('are answered as the policy says', async (t) => {
    const answer = async (Fields: Record<string, string>) => {
      const grant = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'a b', Fields })
      const body = new FormData()
      for (const [name, value] of Object.entries(grant.fields)) body.append(name, value)
      body.append('file', new Blob(['hello']))
      return fetch(grant.url, { method: 'POST', body, redirect: 'manual' })
    }
    const etag = '"5d41402abc4b2a76b9719d911017c592"'
    const location = `${sandbox.endpoint}/${BUCKET}/a%20b`
    for (const [field, status] of [
      ['200', 200],
      ['204', 204],
      ['299', 204]
    ] as const) {
      const { status: got, headers } = await answer({ success_action_status: field })
      t.same([got, headers.get('etag'), headers.get('location')], [status, etag, location])
    }
    const created = await answer({ success_action_status: '201' })
    t.equal(created.status, 201)
    t.match(
      await created.text(),
      `<Location>${location}</Location><Bucket>${BUCKET}</Bucket><Key>a b</Key>`
    )
    const redirected = await answer({ success_action_redirect: 'https://example.com/done?x=1' })
    t.equal(redirected.status, 303)
    const target = new URL(redirected.headers.get('location')!)
    t.same(Object.fromEntries(target.searchParams), { x: '1', bucket: BUCKET, key: 'a b', etag })
    t.equal((await answer({ success_action_redirect: 'nonsense' })).status, 204)
  })

  t.test('need a file within what the store takes', async (t) => {
    const small = await startTestSandbox(t, { maxObjectBytes: 4 })
    const grant = await createPresignedPost(small.s3, { Bucket: BUCKET, Key: 'k' })
    const answer = await sendForm(formOf(grant.url, grant.fields, Buffer.from('hello')))
    t.match(answer, { status: 400, code: 'EntityTooLarge' })
    const nowhere = formOf(`${small.sandbox.endpoint}/nowhere`, grant.fields, Buffer.from('x'))
    t.match(await sendForm(nowhere), { status: 404, code: 'NoSuchBucket' })
  })

  t.test('cut off within the file store nothing', async (t) => {
    const grant = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'k' })
    const form = formOf(grant.url, grant.fields, Buffer.alloc(1_000_000))
    form.cutBytes = 500_000
    const before = sandbox.requests.length
    t.same(await sendForm(form), { status: 0, code: '' })
    t.equal(sandbox.requests.length, before + 1)
    t.same(sandbox.door.list(BUCKET), [])
  })
})
