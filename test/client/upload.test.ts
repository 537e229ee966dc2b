// The client against the real service and the sandbox: from a file to an avatar.

import t from 'tap'

import {
  confirm,
  createUpload,
  readAvatar,
  type Step,
  send,
  uploadAvatar
} from '../../src/client/index.ts'
import { png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { file, startClient } from './support.ts'

for (const method of ['POST', 'PUT']) {
  t.test(`a picture becomes the avatar by ${method}`, async (t) => {
    const { options, ada, steps, said } = await startClient(t, {
      UPLOAD_METHOD: method.toLowerCase()
    })
    const told: number[] = []
    const onProgress = (fraction: number) => told.push(fraction)
    const avatar = await uploadAvatar(file, { ...options, onProgress })

    t.same(await download(avatar.url), png(64))
    t.match(await ada.avatar(), { width: 64, height: 64 })
    t.same(told, [0, 0.95, 1], 'all of it only once it is confirmed')
    t.same(said(), ['create 201', `send ${method === 'PUT' ? 200 : 204}`, 'confirm 200'])
    t.equal(steps[1]?.request.method, method)
    t.notOk(JSON.stringify(steps).includes(ada.token), 'the token is told to nobody')
  })
}

t.test('step by step, with a digest that S3 insists on', async (t) => {
  const { options, sandbox } = await startClient(t)
  t.equal(await readAvatar('me', options), null)
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  const declared = {
    contentType: 'image/png',
    sizeBytes: file.size,
    sha256: sha256.toString('hex')
  }
  const upload = await createUpload(declared, options)
  const others = png(64).fill(0, 40)
  await t.rejects(send(upload.request, new Blob([new Uint8Array(others)])), {
    code: 'CHECKSUM_MISMATCH',
    storageCode: 'BadDigest'
  })
  const told: number[] = []
  await send(upload.request, file, { onProgress: (fraction) => told.push(fraction) })
  t.same(told, [1])
  const avatar = await confirm(upload, options)
  t.match(await readAvatar('ada', options), { url: avatar.url })
  t.equal(sandbox.requests.filter(({ verb }) => verb === 'PostObject').length, 2)
  await t.rejects(readAvatar('ada', { ...options, token: 'forged' }), { code: 'UNAUTHENTICATED' })
})

t.test('each step is told of when it begins and when it is over', async (t) => {
  const { options } = await startClient(t)
  const told: string[] = []
  const onStep = ({ name, answer }: Step) => told.push(`${name} ${answer?.status ?? '…'}`)
  await uploadAvatar(file, { ...options, onStep })
  t.same(told, ['create …', 'create 201', 'send …', 'send 204', 'confirm …', 'confirm 200'])
})

t.test('a token that is refused is asked for once more, and no oftener', async (t) => {
  const { options, ada, said } = await startClient(t)
  const asked: boolean[] = []
  const token = async (refused: boolean) => {
    asked.push(refused)
    return refused ? ada.token : 'stale'
  }
  await uploadAvatar(file, { ...options, token })
  t.same(said(), ['create 401', 'create 201', 'send 204', 'confirm 401', 'confirm 200'])
  t.same(asked, [false, true, false, true])

  const refusals = said().length
  await t.rejects(uploadAvatar(file, { ...options, token: () => 'stale' }), {
    code: 'UNAUTHENTICATED',
    status: 401,
    message: /Sign in/
  })
  await t.rejects(uploadAvatar(file, { ...options, token: 'stale' }), { code: 'UNAUTHENTICATED' })
  t.same(said().slice(refusals), ['create 401', 'create 401', 'create 401'])
  const failing = () => Promise.reject(new Error('no session'))
  await t.rejects(uploadAvatar(file, { ...options, token: failing }), {
    code: 'UNAUTHENTICATED',
    cause: { message: 'no session' }
  })
})

t.test(
  'a token that cannot be fetched because the network is gone is asked for again',
  async (t) => {
    const { options, ada, said } = await startClient(t)
    let failures = 1
    const token = async () => {
      if (failures-- > 0) await fetch('http://127.0.0.1:1')
      return ada.token
    }
    await uploadAvatar(file, { ...options, token })
    t.same(said(), ['create 201', 'send 204', 'confirm 200'])

    t.intercept(globalThis, 'navigator', { value: { onLine: false }, configurable: true })
    const offline = () => Promise.reject(new Error('axios has errors of its own'))
    const asked = { ...options, token: offline, retries: 0 }
    await t.rejects(readAvatar('me', asked), { code: 'NETWORK_FAILED', retryable: true })
  }
)

t.test('what is no token is not sent, and is told from a broken line', async (t) => {
  const { options, ada, steps } = await startClient(t)
  const page = '<!doctype html>\n<title>Sign in</title>'
  for (const wrong of [page, undefined, '', null, {}, 'Bearer é', `Bearer ${ada.token}`]) {
    const token = () => wrong as string
    await t.rejects(readAvatar('me', { ...options, token }), {
      code: 'UNAUTHENTICATED',
      detail: /no token: /,
      retryable: false
    })
  }
  t.same(steps, [])
  t.equal(await readAvatar('me', { ...options, token: async () => `${ada.token}\n` }), null)
})

t.test('an address with a path or slashes at its end is an address', async (t) => {
  const { options, baseUrl } = await startClient(t)
  t.equal(await readAvatar('me', { ...options, baseUrl: `${baseUrl}//` }), null)
  await t.rejects(readAvatar('me', { ...options, baseUrl: `${baseUrl}/elsewhere` }), {
    code: 'NOT_FOUND'
  })
})
