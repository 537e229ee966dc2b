// F28: names that nobody knows and certificates that nobody should believe, towards Postgres, S3 and the
// identity provider: an answer that says who is away, nothing in plain text, and no restart afterwards.

import dns from 'node:dns'
import { setDefaultCACertificates } from 'node:tls'

import t from 'tap'

import { readConfig } from '../src/config.ts'
import { openKeySet } from '../src/identity/key-set.ts'
import { startApp } from './support/app.ts'
import { certificateFor } from './support/certificate.ts'
import { padded, png } from './support/pictures.ts'
import { keyPair, serveKeys } from './support/provider.ts'
import { download } from './support/send.ts'
import { startTls } from './support/tls.ts'

const picture = padded(png(64), 400)
const [good, expired, stranger] = [certificateFor(1), certificateFor(-1), certificateFor(1)]
setDefaultCACertificates([good.cert, expired.cert])

const withoutDatabase = { status: 503, code: 'DATABASE_UNAVAILABLE' }
const withoutStorage = { status: 503, code: 'STORAGE_UNAVAILABLE' }
const portOf = (url: string) => Number(new URL(url).port)
const isTls = (chunk: Buffer) => chunk[0] === 0x16

t.test('F28: Postgres with a certificate that has ended, or of somebody else', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const tls = await startTls(t, portOf(databaseUrl), expired)
  const url = new URL(databaseUrl)
  url.port = `${tls.port}`
  url.searchParams.set('sslmode', 'verify-full')
  const { ada, app } = await instance({ DATABASE_URL: url.href, DATABASE_DEADLINE_MS: '1000' })
  for (const certificate of [expired, stranger]) {
    tls.certificate = certificate
    await t.rejects(ada.createUpload(picture), withoutDatabase)
    t.match((await app.inject('/health/ready')).json(), withoutDatabase)
  }
  tls.certificate = good
  t.ok(await ada.createUpload(picture))
})

t.test('F28: Postgres says that it has no TLS: nobody tells it who we are', async (t) => {
  const { databaseUrl, instance } = await startApp(t)
  const tls = await startTls(t, portOf(databaseUrl), good)
  const url = new URL(databaseUrl)
  url.port = `${tls.port}`
  for (const mode of ['require', 'verify-full']) {
    url.searchParams.set('sslmode', mode)
    tls.refusing = true
    tls.heard.length = 0
    const { ada } = await instance({ DATABASE_URL: url.href, DATABASE_DEADLINE_MS: '500' })
    await t.rejects(ada.createUpload(picture), withoutDatabase)
    const heard = Buffer.concat(tls.heard).toString('latin1')
    t.not(tls.heard.length, 0)
    t.notMatch(heard, /user|directo/, mode)
    tls.refusing = false
    t.ok(await ada.createUpload(picture), mode)
  }
  const needed = { S3_BUCKET: 'avatars', JWT_SECRET: 'x'.repeat(32) }
  for (const mode of ['prefer', 'allow', 'PREFER']) {
    for (const name of ['sslmode', 'ssl']) {
      const DATABASE_URL = `postgres://a:b@db.example/c?${name}=${mode}`
      t.throws(() => readConfig({ ...needed, DATABASE_URL }), /falls back to plain text/, mode)
    }
  }
})

t.test('F28: S3 with a certificate that has ended, or of somebody else', async (t) => {
  const { sandbox, instance } = await startApp(t)
  const tls = await startTls(t, sandbox.port, good)
  const { ada, app } = await instance({
    S3_ENDPOINT: `https://127.0.0.1:${tls.port}`,
    S3_PUBLIC_ENDPOINT: sandbox.endpoint,
    S3_DEADLINE_MS: '1000'
  })
  const upload = await ada.sent(picture)
  for (const certificate of [expired, stranger]) {
    tls.certificate = certificate
    await t.rejects(ada.confirm(upload), withoutStorage)
    t.match((await app.inject('/health/ready')).json(), withoutStorage)
  }
  tls.certificate = good
  t.same(await download((await ada.confirm(upload)).avatar.url), picture)
  t.ok(tls.heard.length > 0 && tls.heard.every(isTls), 'nothing in plain text')
})

t.test('F28: an identity provider with a certificate that has ended', async (t) => {
  const { jwk, alg, pem } = await keyPair('ES256', 'a')
  const provider = await serveKeys(t, [jwk])
  const tls = await startTls(t, portOf(provider.url), expired)
  let ms = 0
  const url = `https://127.0.0.1:${tls.port}/keys`
  const { find } = openKeySet(url, () => {}, { now: () => ms })
  for (const certificate of [expired, stranger]) {
    tls.certificate = certificate
    await t.rejects(find({ alg, kid: 'a' }), { code: 'IDENTITY_UNAVAILABLE' })
    ms += 5000
  }
  t.equal(provider.asked, 0)
  tls.certificate = good
  t.equal(await find({ alg, kid: 'a' }), pem)
  t.ok(tls.heard.every(isTls))
})

t.test('F28: names that cannot be resolved, until they can', async (t) => {
  const { databaseUrl, sandbox, instance } = await startApp(t)
  const { lookup } = dns
  let failure: string | undefined = 'EAI_AGAIN' // what SERVFAIL becomes
  t.teardown(() => void Object.assign(dns, { lookup }))
  Object.assign(dns, {
    lookup: (name: string, options: object, done: (...answer: unknown[]) => void) => {
      if (!name.endsWith('.example')) return lookup(name, options, done as () => void)
      if (!failure) return lookup('127.0.0.1', options, done as () => void)
      const err = Object.assign(new Error(`getaddrinfo ${failure} ${name}`), { code: failure })
      process.nextTick(done, err)
    }
  })
  const url = new URL(databaseUrl)
  url.hostname = 'db.example'
  const lost = await instance({ DATABASE_URL: url.href, DATABASE_DEADLINE_MS: '500' })
  const apart = await instance({
    S3_ENDPOINT: `http://s3.example:${sandbox.port}`,
    S3_PUBLIC_ENDPOINT: sandbox.endpoint,
    S3_DEADLINE_MS: '500'
  })
  const upload = await apart.ada.sent(picture)
  for (const code of ['EAI_AGAIN', 'ENOTFOUND']) {
    failure = code
    await t.rejects(lost.ada.createUpload(picture), withoutDatabase, code)
    await t.rejects(apart.ada.confirm(upload), withoutStorage, code)
  }
  failure = undefined
  t.ok(await lost.ada.createUpload(picture))
  t.ok(await apart.ada.confirm(upload))
})
