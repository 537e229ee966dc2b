// Lost answers, busy servers, grants that end: whatever passes does not reach the person.

import t from 'tap'

import { confirm, createUpload, send, uploadAvatar } from '../../src/client/index.ts'
import { waitMs } from '../../src/client/wait.ts'
import { startClock } from '../support/clock.ts'
import { png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { before, file, fileOf, startClient, until } from './support.ts'

t.test('an answer lost at any step is asked for again', async (t) => {
  const { options, line, sandbox, sql, steps, said } = await startClient(t)
  for (const lose of [
    () => line.loseAnswerTo('POST /api/uploads '),
    () => sandbox.misbehave.reset({ verb: 'PostObject', times: 1 }, { performed: true }),
    () => line.loseAnswerTo('/confirm'),
    () => line.lose('/confirm'),
    () => line.lose('POST /api/uploads ')
  ]) {
    steps.length = 0
    lose()
    const avatar = await uploadAvatar(file, options)
    t.same(await download(avatar.url), png(64))
    t.equal(said().filter((one) => one.endsWith('lost')).length, 1, said().join())
  }
  const [row] = await sql`select count(*)::int as live from objects where discarded_at is null`
  t.match(row, { live: 1 })
})

t.test('a PUT whose answer was lost is there already: 412 is as good as 200', async (t) => {
  const { options, sandbox, said } = await startClient(t, { UPLOAD_METHOD: 'put' })
  sandbox.misbehave.reset({ verb: 'PutObject', times: 1 }, { performed: true })
  await uploadAvatar(file, options)
  t.same(said(), ['create 201', 'send lost', 'send 412', 'confirm 200'])
})

for (const method of ['post', 'put']) {
  t.test(`a grant that has ended is replaced by a fresh one: ${method}`, async (t) => {
    const { options, said, databaseUrl, deps, sql } = await startClient(t, {
      UPLOAD_METHOD: method
    })
    const { advance } = await startClock(t, databaseUrl)
    const fetch = before(new RegExp(deps.config.s3.bucket), () =>
      advance(deps.config.grantSeconds + 5)
    )
    await uploadAvatar(file, { ...options, fetch })
    await until(() => said().some((one) => one.startsWith('abort 204')))
    t.same(
      said()
        .filter((one) => !one.startsWith('abort'))
        .slice(0, 3),
      ['create 201', 'send 403', 'create 201']
    )
    const [row] = await sql`
      select count(*)::int as open from uploads where discarded_at is null and confirmed_at is null`
    t.match(row, { open: 0 })
  })
}

t.test('an upload that expires before it is confirmed is made anew', async (t) => {
  const { options, said, databaseUrl } = await startClient(t)
  const { advance } = await startClock(t, databaseUrl)
  const fetch = before(/confirm$/, () => advance(700))
  await uploadAvatar(file, { ...options, fetch })
  const path = ['create 201', 'send 204', 'confirm']
  t.same(said(), [...path.slice(0, 2), 'confirm 410', ...path.slice(0, 2), 'confirm 200'])
})

t.test('a store that refuses a late grant in words of its own, or cuts the line', async (t) => {
  const { options, said, sandbox, databaseUrl } = await startClient(t)
  const { advance } = await startClock(t, databaseUrl)
  for (const rule of [
    () => sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, { code: 'AccessDenied' }),
    () => sandbox.misbehave.reset({ verb: 'PostObject', times: 1 })
  ]) {
    rule()
    const fetch = before(/avatars-of-a-test/, () => advance(305))
    await uploadAvatar(file, { ...options, fetch, retries: 0 })
  }
  t.equal(said().filter((one) => one === 'create 201').length, 4)
})

t.test('grants are asked for three times, not for ever', async (t) => {
  const { options, said, sandbox } = await startClient(t)
  sandbox.misbehave.add('PostObject', {
    instead: () => ({
      status: 403,
      headers: {},
      body: '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
    })
  })
  await t.rejects(uploadAvatar(file, options), {
    code: 'GRANT_EXPIRED',
    storageCode: 'AccessDenied'
  })
  t.equal(said().filter((one) => one.startsWith('send')).length, 3)
})

t.test('a busy store and a busy service are asked again, as often as was said', async (t) => {
  const { options, said, sandbox, steps } = await startClient(t)
  sandbox.misbehave.fail({ verb: 'PostObject', times: 2 }, { code: 'SlowDown' })
  sandbox.misbehave.fail({ verb: 'CopyObject', times: 3 }, { status: 500, code: 'InternalError' })
  await uploadAvatar(file, { ...options, retries: 2 })
  t.same(
    said().filter((one) => one.startsWith('send')),
    ['send 503', 'send 503', 'send 204']
  )

  for (const retries of [0, 1]) {
    steps.length = 0
    sandbox.misbehave.fail('PostObject', { code: 'SlowDown' })
    await t.rejects(uploadAvatar(file, { ...options, retries }), {
      code: 'STORAGE_UNAVAILABLE',
      storageCode: 'SlowDown',
      status: 503,
      retryable: true
    })
    t.equal(said().filter((one) => one.startsWith('send')).length, retries + 1)
    sandbox.misbehave.clear()
  }
})

t.test('bytes that have not arrived yet are waited for', async (t) => {
  const { options, said } = await startClient(t)
  const upload = await createUpload(file, options)
  const isSent = before(/confirm$/, () => {})
  let confirms = 0
  const fetch: typeof globalThis.fetch = async (url, init) => {
    if (++confirms === 2) await send(upload.request, file)
    return isSent(url, init)
  }
  t.match(await confirm(upload, { ...options, fetch }), { width: 64 })
  t.same(said(), ['create 201', 'confirm 409', 'confirm 200'])
})

t.test('what would take half a minute fails at once, and says when', async (t) => {
  const { options, ada, said } = await startClient(t, { OPEN_UPLOADS_PER_USER: '1' })
  await ada.createUpload(png(64))
  await t.rejects(uploadAvatar(file, options), {
    code: 'TOO_MANY_OPEN_UPLOADS',
    status: 429,
    retryAfterSeconds: 30,
    retryable: true
  })
  t.same(said(), ['create 429'])
})

t.test('waits grow, are spread at random, and honour Retry-After', (t) => {
  t.same(
    [0, 1, 2].map((failures) => waitMs(failures, 0, 1)),
    [500, 1000, 2000]
  )
  t.equal(waitMs(5, 0, 0), 0)
  t.equal(waitMs(0, 2, 0.5), 2250)
  t.end()
})

t.test('a picture that has been replaced meanwhile is not shown as the avatar', async (t) => {
  const { options, ada, line } = await startClient(t)
  const upload = await createUpload(file, options)
  await send(upload.request, file)
  line.loseAnswerTo('/confirm')
  const fetch: typeof globalThis.fetch = async (...asked) => {
    try {
      return await globalThis.fetch(...asked)
    } catch (err) {
      await ada.upload(png(64, { colour: 'red' }))
      throw err
    }
  }
  await t.rejects(confirm(upload, { ...options, fetch }), { code: 'AVATAR_REPLACED' })
})

t.test('a service that never answers is given up', async (t) => {
  const { options, line } = await startClient(t)
  line.silence()
  const asking = createUpload(fileOf(png(64)), { ...options, timeoutSeconds: 0.05, retries: 1 })
  await t.rejects(asking, { code: 'NETWORK_FAILED', retryable: true, message: /connection/ })
})

t.test('so is a store that takes the bytes and never answers', async (t) => {
  const { options, sandbox } = await startClient(t)
  const upload = await createUpload(file, options)
  sandbox.misbehave.hang('PostObject')
  const sending = send(upload.request, file, { timeoutSeconds: 0.05, retries: 1 })
  await t.rejects(sending, { code: 'NETWORK_FAILED', retryable: true })
})
