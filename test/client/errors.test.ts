// Every failure is one typed error: a code, a sentence for a person, a detail for a developer.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import t, { type Test } from 'tap'

import {
  AvatarUploadError,
  confirm,
  createUpload,
  type GrantRequest,
  prepareAvatar,
  readAvatar,
  send,
  sentences,
  uploadAvatar
} from '../../src/client/index.ts'
import { catalogue } from '../../src/errors.ts'
import { reasonCodes } from '../../src/reasons.ts'
import { jpeg, png, withExifGps, withTrailing } from '../support/pictures.ts'
import { file, fileOf, startClient } from './support.ts'

const onlyToBrokenClients = [
  'BAD_REQUEST',
  'INVALID_REQUEST',
  'AVATAR_NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'HEADERS_TOO_LARGE',
  'INSTANCE_CLOSING' // to orchestrators
]

t.test('each code of the service has a sentence, and docs/client.md has them all', (t) => {
  const codes = Object.keys(sentences)
  const told = [...Object.keys(catalogue), ...reasonCodes]
  const untold = told.filter((code) => !codes.includes(code))
  t.same(untold, onlyToBrokenClients)
  const page = readFileSync('docs/client.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)]
  t.same(Object.fromEntries(rows.map(([, code, sentence]) => [code, sentence])), sentences)
  t.end()
})

t.test('what the service refuses comes with its code, its reasons and a sentence', async (t) => {
  const { options } = await startClient(t)
  const refused = async (bytes: Uint8Array, type: string) =>
    uploadAvatar(fileOf(bytes, type), options).catch((err) => err)

  t.match(await refused(withExifGps(jpeg(64)), 'image/jpeg'), {
    code: 'OBJECT_REJECTED',
    status: 422,
    retryable: false,
    reasons: [{ code: 'LOCATION_METADATA' }],
    message: sentences.LOCATION_METADATA
  })
  t.match(await refused(withTrailing(png(64), 'PK'), 'image/png'), {
    message: sentences.TRAILING_DATA
  })
  t.match(await refused(png(64), 'image/svg+xml'), {
    code: 'CONTENT_TYPE_NOT_ALLOWED',
    detail: /not image\/svg\+xml/
  })
  t.match(await refused(new Uint8Array(6_000_000), 'image/png'), { code: 'SIZE_NOT_ALLOWED' })
  t.match(await refused(png(64), ''), { code: 'CONTENT_TYPE_NOT_ALLOWED' })
  t.match(await refused(new Uint8Array(0), 'image/png'), { code: 'EMPTY_FILE' })
})

t.test('what S3 refuses is translated', async (t) => {
  const { options, sandbox } = await startClient(t)
  const upload = await createUpload(file, options)
  const sent = (bytes: Uint8Array, change: object = {}) => {
    const request = { ...upload.request, fields: { ...upload.request.fields, ...change } }
    return send(request, fileOf(bytes)).catch((err) => err)
  }
  const larger = { code: 'SIZE_MISMATCH', storageCode: 'EntityTooLarge', status: 400 }
  t.match(await sent(new Uint8Array(file.size + 1)), larger)
  t.match(await sent(new Uint8Array(file.size - 1)), { storageCode: 'EntityTooSmall' })
  t.match(await sent(png(64), { 'Content-Type': 'text/html' }), {
    code: 'GRANT_REFUSED',
    storageCode: 'AccessDenied'
  })
  const forged = { 'X-Amz-Signature': '0'.repeat(64) }
  t.match(await sent(png(64), forged), {
    code: 'GRANT_REFUSED',
    storageCode: 'SignatureDoesNotMatch'
  })
  sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, { code: 'RequestTimeTooSkewed' })
  t.match(await sent(png(64)), { code: 'CLOCK_WRONG' })
  sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, { code: 'NoSuchBucket' })
  t.match(await sent(png(64)), {
    code: 'STORAGE_REFUSED',
    detail: /404 NoSuchBucket: The specified/
  })
  const withoutCondition: GrantRequest = { ...upload.request, method: 'POST', headers: {} }
  sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, { code: 'PreconditionFailed' })
  await t.rejects(send(withoutCondition, file), { code: 'STORAGE_REFUSED', status: 412 })
})

t.test('no answer at all: the network or CORS, and the error says so', async (t) => {
  const { options } = await startClient(t)
  const baseUrl = 'http://127.0.0.1:1'
  const asked = { ...options, baseUrl, retries: 0 }
  await t.rejects(createUpload(file, asked), {
    code: 'NETWORK_FAILED',
    detail: /^No answer from http:\/\/127.0.0.1:1: the network failed, or CORS .*CORS_ORIGINS/,
    retryable: true
  })
  const request: GrantRequest = { method: 'PUT', url: baseUrl, headers: {}, fields: {} }
  await t.rejects(send(request, file, { retries: 0 }), {
    code: 'NETWORK_FAILED',
    detail: /CORS rules of the bucket/
  })
})

t.test('what is no Directo is told apart', async (t) => {
  const { options } = await startClient(t)
  const ask = async (status: number, body: string) => {
    const baseUrl = await answering(t, status, body)
    return createUpload(file, { ...options, baseUrl, retries: 0 }).catch((err) => err)
  }
  const page = '<!doctype html>'
  t.match(await ask(200, page), { code: 'UNEXPECTED_ANSWER', status: 200, detail: /baseUrl/ })
  t.match(await ask(200, '{}'), { code: 'UNEXPECTED_ANSWER', detail: /not as Directo does/ })
  t.match(await ask(404, page), { code: 'UNEXPECTED_ANSWER', status: 404, retryable: false })
  t.match(await ask(502, page), { code: 'SERVICE_UNAVAILABLE', status: 502, retryable: true })
  t.match(await ask(418, '{"code":"OF_LATER"}'), {
    code: 'OF_LATER',
    message: sentences.UNEXPECTED_ANSWER
  })
  for (const code of ['toString', '__proto__', 'constructor'])
    t.match(await ask(418, JSON.stringify({ code })), { message: sentences.UNEXPECTED_ANSWER })
})

t.test('an answer that lacks what it must have is no Directo’s', async (t) => {
  const { options } = await startClient(t)
  const unexpected = { name: 'AvatarUploadError', code: 'UNEXPECTED_ANSWER' }
  const none = [204, ''] as const
  for (const [status, body] of [
    none,
    [200, '{}'],
    [200, 'null'],
    [200, '"x"'],
    [200, '{"avatar":{}}']
  ] as const) {
    const asked = { ...options, baseUrl: await answering(t, status, body) }
    await t.rejects(createUpload(file, asked), unexpected, `create ${body}`)
    await t.rejects(confirm({ id: 'x' }, asked), unexpected, `confirm ${body}`)
    await t.rejects(readAvatar('me', asked), unexpected, `read ${body}`)
  }
})

async function answering(t: Test, status: number, body: string) {
  const server = createServer((_, response) => void response.writeHead(status).end(body))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('a token that no header can hold is no token, and not asked with again', async (t) => {
  const { options, steps } = await startClient(t)
  for (const token of ['two\nlines', async () => '“Ada”']) {
    const asked = { ...options, token }
    await t.rejects(createUpload(file, asked), {
      code: 'UNAUTHENTICATED',
      retryable: false,
      detail: /token/
    })
  }
  t.same(steps, [])
})

t.test('bad arguments are told at once, before anything is sent', async (t) => {
  const { options, steps } = await startClient(t)
  const wrong = { name: 'AvatarUploadError', code: 'INVALID_ARGUMENT', retryable: false }
  const nothing = 'ada.png' as unknown as Blob
  await t.rejects(uploadAvatar(nothing, options), { ...wrong, detail: /Blob/ })
  await t.rejects(uploadAvatar(file, { ...options, token: '' }), { ...wrong, detail: /token/ })
  await t.rejects(uploadAvatar(file, { ...options, baseUrl: '/api' }), {
    ...wrong,
    detail: /“\/api”/
  })
  await t.rejects(uploadAvatar(file, { ...options, baseUrl: 'http://[' }), {
    ...wrong,
    detail: /“http:\/\/\[”/
  })
  const none = undefined as unknown as string
  await t.rejects(createUpload(file, { ...options, baseUrl: none }), {
    ...wrong,
    detail: /baseUrl/
  })
  await t.rejects(createUpload({} as Blob, options), { ...wrong, detail: /contentType/ })
  const request = { method: 'PUT', url: '', headers: {}, fields: {} } as const
  await t.rejects(send(request, nothing), wrong)
  await t.rejects(prepareAvatar(nothing), wrong)
  await t.rejects(createUpload(nothing, options), wrong)
  await t.rejects(createUpload(null as unknown as Blob, options), wrong)
  await t.rejects(uploadAvatar(file, undefined as never), wrong)
  const gone = fileOf(png(64))
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadable')) }) as never
  const unprepared = uploadAvatar(gone, { ...options, prepare: null as never })
  await t.rejects(unprepared, { name: 'AvatarUploadError', code: 'PREPARE_UNSUPPORTED' })
  t.same(steps, [])
  t.ok(new AvatarUploadError('CANCELLED') instanceof Error)
})
