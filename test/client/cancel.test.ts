// Cancelling at every step: the transfer stops, and nothing stays open on the server.

import t, { type Test } from 'tap'

import {
  abort,
  confirm,
  createUpload,
  type Step,
  send,
  type Upload,
  uploadAvatar
} from '../../src/client/index.ts'
import { before, file, startClient, until } from './support.ts'

const cancelled = { name: 'AvatarUploadError', code: 'CANCELLED', message: /cancelled/ }

type Client = Awaited<ReturnType<typeof startClient>>
const aborted =
  ({ sql }: Client) =>
  async () => {
    const rows = await sql`select discarded_at from uploads`
    return rows.length === 1 && rows[0]?.discarded_at
  }

async function cancels(t: Test, client: Client, pattern: RegExp, path: string[]) {
  const controller = new AbortController()
  const { signal } = controller
  const reason = new Error('clicked')
  const fetch = before(pattern, () => controller.abort(reason))
  const uploading = uploadAvatar(file, { ...client.options, signal, fetch })
  await t.rejects(uploading, { ...cancelled, cause: reason })
  await until(aborted(client))
  await until(() => client.said().includes('abort 204'))
  t.same(client.said(), [...path, 'abort 204'])
  await t.rejects(client.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
}

t.test('while it is created: as soon as the answer says which upload it is', async (t) => {
  await cancels(t, await startClient(t), /POST .*uploads$/, ['create 201'])
})

for (const method of ['post', 'put']) {
  t.test(`while the bytes are on their way by ${method}`, async (t) => {
    const client = await startClient(t, { UPLOAD_METHOD: method })
    const { bucket } = client.deps.config.s3
    await cancels(t, client, new RegExp(bucket), ['create 201', 'send lost'])
    t.same(client.sandbox.door.list(bucket, 'staging/'), [], 'nothing arrived')
  })
}

t.test('while it is confirmed', async (t) => {
  await cancels(t, await startClient(t), /confirm$/, ['create 201', 'send 204', 'confirm lost'])
})

t.test(
  'too late, when the service has confirmed it: it is the avatar, and said to be',
  async (t) => {
    const client = await startClient(t)
    const controller = new AbortController()
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const reply = await globalThis.fetch(url, init)
      if (`${url}`.endsWith('/confirm')) controller.abort()
      return reply
    }
    const asked = { ...client.options, fetch, signal: controller.signal }
    t.match(await uploadAvatar(file, asked), { url: (await client.ada.avatar()).url })
    t.same(client.said().slice(2), ['confirm lost', 'abort 409', 'confirm 200'])
  }
)

t.test('while waiting to try again', async (t) => {
  const client = await startClient(t)
  const controller = new AbortController()
  client.sandbox.misbehave.add('PostObject', {
    instead: () => {
      setTimeout(() => controller.abort(), 20)
      return { status: 503, headers: { 'retry-after': '20' }, body: '' }
    }
  })
  const uploading = uploadAvatar(file, { ...client.options, signal: controller.signal })
  await t.rejects(uploading, cancelled)
  await until(aborted(client))
})

t.test('while token() is being asked, at any call', async (t) => {
  const client = await startClient(t)
  for (const call of [1, 2]) {
    const controller = new AbortController()
    let calls = 0
    const token = async () => {
      if (++calls === call) controller.abort()
      return client.ada.token
    }
    const asked = { ...client.options, token, signal: controller.signal }
    await t.rejects(uploadAvatar(file, asked), cancelled, `call ${call}`)
  }
  await until(aborted(client))
  await t.rejects(client.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
})

t.test('while token() says nothing', async (t) => {
  const { options } = await startClient(t)
  const controller = new AbortController()
  const token = () => {
    setTimeout(() => controller.abort())
    return new Promise<string>(() => {})
  }
  const asked = { ...options, token, signal: controller.signal }
  await t.rejects(uploadAvatar(file, asked), cancelled)
  await t.rejects(confirm({ id: 'x' }, asked), cancelled)
})

t.test('by what watches the steps, before the request leaves', async (t) => {
  const client = await startClient(t)
  for (const name of ['create', 'send', 'confirm']) {
    const controller = new AbortController()
    const onStep = (step: Step) => step.name === name && controller.abort()
    const asked = { ...client.options, onStep, signal: controller.signal }
    await t.rejects(uploadAvatar(file, asked), cancelled, name)
  }
  await t.rejects(client.ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
  await until(async () => {
    const [row] =
      await client.sql`select count(*)::int as open from uploads where discarded_at is null`
    return row?.open === 0
  })
})

t.test('before it begins: nothing is asked', async (t) => {
  const { options, steps } = await startClient(t)
  const signal = AbortSignal.abort()
  await t.rejects(uploadAvatar(file, { ...options, signal }), cancelled)
  await t.rejects(createUpload(file, { ...options, signal }), cancelled)
  const upload = { id: 'x', request: { method: 'POST', url: 'http://127.0.0.1:1', headers: {} } }
  await t.rejects(confirm(upload, { ...options, signal }), cancelled)
  await t.rejects(
    send({ ...upload.request, fields: {} } as Upload['request'], file, { signal }),
    cancelled
  )
  t.same(steps, [])
})

t.test('what fails for good is aborted too, so that it does not count as open', async (t) => {
  const client = await startClient(t)
  client.sandbox.misbehave.fail('PostObject', { code: 'AccessDenied' })
  await t.rejects(uploadAvatar(file, client.options), { code: 'GRANT_REFUSED' })
  await until(aborted(client))
})

t.test('what is confirmed cannot be aborted', async (t) => {
  const { options } = await startClient(t)
  const upload = await createUpload(file, options)
  await send(upload.request, file)
  await confirm(upload, options)
  await t.rejects(abort(upload, options), { code: 'UPLOAD_CONFIRMED', message: /too late/ })
})
