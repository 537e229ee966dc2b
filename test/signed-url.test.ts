// Signed URLs: pinned to a window, never dead before they say, never longer than the credentials.

import t from 'tap'

import { openClients } from '../src/s3/client.ts'
import { presignPost } from '../src/s3/grant.ts'
import { openSigner, presignGet } from '../src/s3/signed-url.ts'
import { storeOf } from '../src/stores.ts'

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
const key = `avatars/${'a'.repeat(32)}`

const facts = {
  key: `staging/${'a'.repeat(32)}`,
  contentType: 'image/png',
  sizeBytes: 400,
  sha256: null,
  seconds: 60
}

function s3(expiration?: Date) {
  const { close: _, ...clients } = openClients({
    endpoint: 'http://127.0.0.1:1',
    publicEndpoint: 'https://s3.example',
    pathStyle: true,
    region: 'us-east-1',
    credentials: { ...credentials, sessionToken: undefined, ...(expiration && { expiration }) },
    deadlineMs: 1000
  })
  return {
    ...clients,
    name: 'b',
    deadlineMs: 1000,
    store: storeOf('aws')!,
    method: 'POST' as const
  }
}

function signer(expiration?: Date) {
  const handle = s3(expiration)
  return (now: string, seconds = 3600) =>
    presignGet(handle, { key, contentType: 'image/png', seconds, now: new Date(now) })
}

t.test('inside a window the URL is the same, in the next it is another', async (t) => {
  const sign = signer()
  const first = await sign('2026-01-01T10:00:00Z')
  t.same(await sign('2026-01-01T10:29:59.999Z'), first)
  t.not((await sign('2026-01-01T10:30:00Z')).url, first.url)
  t.same(await signer()('2026-01-01T10:15:00Z'), first, 'another instance signs the same')
})

t.test('at least half of its life is left, and it ends when it says', async (t) => {
  const sign = signer()
  for (const seconds of [60, 61, 3600, 86_399]) {
    for (let i = 0; i < 50; i++) {
      const now = new Date(Date.UTC(2026, 0, 1) + i * 977_321)
      const { url, expiresAt } = await sign(now.toISOString(), seconds)
      const query = new URL(url).searchParams
      const date = query.get('X-Amz-Date')!.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')
      const ends = new Date(date).getTime() + Number(query.get('X-Amz-Expires')) * 1000
      t.equal(expiresAt.getTime(), ends)
      t.ok(ends - now.getTime() >= Math.floor(seconds / 2) * 1000)
    }
  }
})

t.test('it is signed for the endpoint that clients use', async (t) => {
  const { url } = await signer()('2026-01-01T10:00:00Z')
  t.match(url, /^https:\/\/s3\.example\/b\/avatars\/a{32}\?/)
  t.notMatch(url, /checksum/i)
})

t.test('a grant is said to end when the credentials do', async (t) => {
  const expiration = new Date(Date.now() + 20_000)
  const grant = await presignPost(s3(expiration), facts)
  t.same(grant.sendBy, expiration)
  const own = await presignPost(s3(), facts)
  t.ok(own.sendBy > new Date(Date.now() + 50_000))
})

t.test('without credentials nothing is signed, and S3 is what is missing', async (t) => {
  const none = async () => {
    throw new Error('no credentials anywhere')
  }
  const never = () => new Promise<never>(() => {})
  for (const credentials of [none, never]) {
    const without = { ...s3(), deadlineMs: 100 }
    without.signer.config.credentials = credentials as typeof without.signer.config.credentials
    const away = { status: 503, code: 'STORAGE_UNAVAILABLE' }
    await t.rejects(presignPost(without, facts), away)
    const url = { key, contentType: 'image/png', seconds: 60, now: new Date() }
    await t.rejects(presignGet(without, url), away)
  }
})

t.test('it is said to end a minute before the credentials do', async (t) => {
  const sign = signer(new Date('2026-01-01T10:02:00Z'))
  const { expiresAt } = await sign('2026-01-01T10:00:00Z')
  t.same(expiresAt, new Date('2026-01-01T10:01:00Z'))
  const ended = { status: 503, code: 'STORAGE_UNAVAILABLE' }
  await t.rejects(sign('2026-01-01T10:01:00Z'), ended, 'none is handed out that may be dead')
})

t.test('one signer signs many, as if each were signed alone', async (t) => {
  const handle = s3()
  const lifetime = { seconds: 3600, now: new Date('2026-01-01T10:00:00Z') }
  const sign = await openSigner(handle, lifetime)
  for (const contentType of ['image/png', 'image/gif', 'image/png']) {
    const object = { key, contentType }
    t.same(sign(object), await presignGet(handle, { ...object, ...lifetime }))
    t.match(sign(object).url, `response-content-type=${encodeURIComponent(contentType)}`)
  }
  t.equal(await openSigner(handle, lifetime), sign, 'in its window it is made once')
  t.not(
    await openSigner(handle, { ...lifetime, seconds: 3601 }),
    sign,
    'the window alone is the same'
  )
})

t.test('with other credentials the same window has other URLs', async (t) => {
  const handle = s3()
  const lifetime = { seconds: 3600, now: new Date('2026-01-01T10:00:00Z') }
  const endsAt = new Date('2026-01-01T10:20:00Z') // too early: others are asked for
  let secretAccessKey = 'one'
  handle.signer.config.credentials = (async () => ({
    accessKeyId: 'key',
    secretAccessKey,
    expiration: endsAt
  })) as typeof handle.signer.config.credentials
  const facts = { key, contentType: 'image/png', ...lifetime }
  const first = await presignGet(handle, facts)
  secretAccessKey = 'another'
  const later = { ...facts, now: new Date('2026-01-01T10:05:00Z') }
  const second = await presignGet(handle, later)
  t.not(second.url, first.url)
  t.equal((await presignGet(handle, later)).url, second.url)
})

t.test('more than it remembers are signed the same, too', async (t) => {
  const sign = await openSigner(s3(), { seconds: 3600, now: new Date('2026-01-01T10:00:00Z') })
  const urlOf = (n: number, contentType = 'image/png') =>
    sign({ key: `avatars/${`${n}`.padStart(32, '0')}`, contentType }).url
  const first = urlOf(0)
  const urls = new Set(Array.from({ length: 10_001 }, (_, n) => urlOf(n)))
  t.equal(urls.size, 10_001)
  t.equal(urlOf(0), first)
  t.not(urlOf(0, 'image/gif'), first)
})

t.test('a bucket whose URLs are signed in another way gets none', async (t) => {
  const express = { ...s3(), name: 'pictures--use1-az4--x-s3' }
  const session = { ...credentials, sessionToken: 'of a session' }
  express.signer.config.s3ExpressIdentityProvider = { getS3ExpressIdentity: async () => session }
  const facts = { key, contentType: 'image/png', seconds: 60, now: new Date() }
  await t.rejects(presignGet(express, facts), {
    code: 'STORAGE_UNAVAILABLE',
    cause: { message: /would need AWS4-HMAC-SHA256 for s3express/ }
  })
})
