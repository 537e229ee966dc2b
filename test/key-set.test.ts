// T54, F42: the keys of an identity provider that is slow, down, rotating, redirecting, huge, or talks nonsense.

import { gzipSync } from 'node:zlib'

import { exportJWK } from 'jose'
import t, { type Test } from 'tap'

import { openKeySet } from '../src/identity/key-set.ts'
import { keyPair, serveKeys } from './support/provider.ts'

const [old, young] = await Promise.all([keyPair('ES256', 'old'), keyPair('EdDSA', 'young')])
const headerOf = ({ alg, jwk }: typeof old) => ({ alg, kid: jwk.kid })
const UNAVAILABLE = { code: 'IDENTITY_UNAVAILABLE', status: 503, retryAfterSeconds: 5 }

async function start(t: Test, keys: object[] = [old.jwk], deadlineMs = 10_000) {
  const provider = await serveKeys(t, keys)
  const warnings: unknown[] = []
  let ms = 0
  const set = openKeySet(provider.url, (err) => warnings.push(err), {
    now: () => ms,
    deadlineMs
  })
  return { ...set, provider, warnings, wait: (seconds: number) => (ms += seconds * 1000) }
}

t.test('keys are fetched once for all who wait for them, and kept', async (t) => {
  const { find, provider } = await start(t)
  const found = await Promise.all(Array.from({ length: 50 }, () => find(headerOf(old))))
  t.ok(found.every((pem) => pem === old.pem))
  t.equal(await find(headerOf(old)), old.pem)
  t.equal(provider.asked, 1)
})

t.test('a key that is new is found at once, but invented ids cost a fetch in 30 s', async (t) => {
  const { find, provider, wait } = await start(t)
  await find(headerOf(old))
  provider.keys = [old.jwk, young.jwk]
  wait(29.999)
  t.equal(await find(headerOf(young)), null, 'somebody may just have asked')
  wait(0.001)
  t.equal(await find(headerOf(young)), young.pem)
  t.equal(provider.asked, 2)
  wait(30)
  const invented = Array.from({ length: 10_000 }, (_, n) => find({ alg: 'ES256', kid: `k${n}` }))
  t.ok((await Promise.all(invented)).every((pem) => pem === null))
  t.equal(provider.asked, 3)
})

t.test('a key that is withdrawn is forgotten', async (t) => {
  const { find, refresh, provider, wait } = await start(t, [old.jwk, young.jwk])
  t.equal(await find(headerOf(old)), old.pem)
  provider.keys = [young.jwk]
  wait(5 * 60)
  t.equal(await find(headerOf(old)), old.pem)
  t.equal(provider.asked, 1)
  wait(1)
  t.equal(await find(headerOf(old)), old.pem, 'nobody waits for the look')
  await refresh()
  t.equal(await find(headerOf(old)), null)
  t.equal(provider.asked, 2)
})

t.test('after a pause, nobody is believed before another look', async (t) => {
  const { find, provider, wait } = await start(t, [old.jwk, young.jwk])
  await find(headerOf(old))
  provider.keys = [young.jwk]
  wait(15 * 60 + 1)
  t.equal(await find(headerOf(old)), null)
})

t.test('while the provider is away, what is known goes on working', async (t) => {
  const { find, refresh, provider, warnings, wait } = await start(t)
  await find(headerOf(old))
  await provider.close()
  for (let hours = 0; hours < 3; hours++) {
    wait(3600)
    t.equal(await find(headerOf(old)), old.pem)
    await refresh()
  }
  t.equal(warnings.length, 3)
  await t.rejects(find(headerOf(young)), UNAVAILABLE, 'it may be theirs: try again')
  provider.keys = [young.jwk]
  await provider.listen(Number(new URL(provider.url).port))
  await t.rejects(find(headerOf(young)), UNAVAILABLE, 'not so soon')
  wait(5)
  t.equal(await find(headerOf(young)), young.pem)
  t.equal(await find(headerOf(old)), null)
})

t.test('a provider that was away from the start', async (t) => {
  const { find, assertReady, provider, wait } = await start(t)
  await provider.close()
  await t.rejects(assertReady(), UNAVAILABLE)
  await t.rejects(find(headerOf(old)), UNAVAILABLE)
  await provider.listen(Number(new URL(provider.url).port))
  wait(5)
  await assertReady()
  t.equal(await find(headerOf(old)), old.pem)
})

const big = JSON.stringify({ keys: [old.jwk], pad: 'x'.repeat(256 * 1024) })
const nonsense: Record<string, Provider['answer']> = {
  'an error': (_request, reply) => reply.writeHead(500).end(JSON.stringify({ keys: [old.jwk] })),
  silence: () => {},
  'an answer that never ends': (_request, reply) => {
    reply.write('{"keys":[')
    const drip = setInterval(() => reply.write(' '), 20)
    reply.on('close', () => clearInterval(drip))
  },
  'more than anybody needs': (_request, reply) => reply.end(big),
  'more than it looks like': (_request, reply) => {
    reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(big))
  },
  'a page': (_request, reply) => reply.end('<html>'),
  null: (_request, reply) => reply.end('null'),
  'a list': (_request, reply) => reply.end(JSON.stringify([old.jwk])),
  'no keys': (_request, reply) => reply.end('{"keys":[]}'),
  'keys that are none': (_request, reply) =>
    reply.end('{"keys":[null, 7, {}, "x", {"kty":"RSA"}]}'),
  'half an answer': (_request, reply) => {
    reply.writeHead(200, { 'content-length': '1000' }).write('{"keys":[')
    setTimeout(() => reply.destroy(), 20)
  }
}
type Provider = Awaited<ReturnType<typeof serveKeys>>

t.test('nonsense is no key set, and takes nothing away', async (t) => {
  for (const [name, answer] of Object.entries(nonsense)) {
    await t.test(name, async (t) => {
      const { find, provider, warnings, wait } = await start(t, [old.jwk], 1000)
      const good = provider.answer
      provider.answer = answer
      await t.rejects(find(headerOf(old)), UNAVAILABLE)
      provider.answer = good
      wait(5)
      t.equal(await find(headerOf(old)), old.pem)
      provider.answer = answer
      wait(30)
      await t.rejects(find(headerOf(young)), UNAVAILABLE)
      t.equal(await find(headerOf(old)), old.pem)
      t.equal(warnings.length, 2)
    })
  }
})

t.test('no redirect is followed', async (t) => {
  const { find, provider } = await start(t)
  const elsewhere = await serveKeys(t, [old.jwk])
  for (const status of [301, 302, 303, 307, 308]) {
    provider.answer = (_request, reply) => {
      reply.writeHead(status, { location: elsewhere.url }).end()
    }
    await t.rejects(find(headerOf(old)), UNAVAILABLE)
  }
  t.equal(elsewhere.asked, 0)
})

t.test(
  'of a set, only public keys for signatures count, each for its own algorithms',
  async (t) => {
    const [rsa, pss, short] = await Promise.all([
      keyPair('RS256', 'r'),
      keyPair('PS256', 'p'),
      keyPair('ES384', 's')
    ])
    const { alg: _, ...any } = { ...rsa.jwk, kid: 'any' }
    const { find } = await start(t, [
      rsa.jwk,
      pss.jwk,
      any,
      { ...old.jwk, kid: undefined },
      { ...young.jwk, alg: 'Ed25519' },
      { ...rsa.jwk, kid: 'encrypts', use: 'enc' },
      { ...rsa.jwk, kid: 'wraps', use: undefined, key_ops: ['wrapKey'] },
      { ...(await exportJWK(rsa.privateKey)), kid: 'private' },
      { kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'ES256' },
      { ...rsa.jwk, kid: 'small', n: rsa.jwk.n!.slice(0, 171) },
      short.jwk
    ])
    const table: [object, string | null][] = [
      [{ alg: 'RS256', kid: 'r' }, rsa.pem],
      [{ alg: 'PS256', kid: 'r' }, null],
      [{ alg: 'PS256', kid: 'p' }, pss.pem],
      [{ alg: 'RS256', kid: 'p' }, null],
      [{ alg: 'RS256', kid: 'any' }, rsa.pem],
      [{ alg: 'PS256', kid: 'any' }, rsa.pem],
      [{ alg: 'EdDSA', kid: 'young' }, young.pem],
      [{ alg: 'EdDSA' }, young.pem],
      [{ alg: 'ES256' }, old.pem],
      [{ alg: 'RS256' }, null],
      [{ alg: 'ES256', kid: '' }, null],
      [{ alg: 'ES256', kid: null }, null],
      [{ alg: 'ES256', kid: ['young'] }, null],
      [{ alg: 'RS256', kid: '../r' }, null],
      [{ alg: 'RS256', kid: '__proto__' }, null],
      ...['encrypts', 'wraps', 'private', 'small'].map((kid): [object, null] => [
        { alg: 'RS256', kid },
        null
      ]),
      [{ alg: 'ES256', kid: 'oct' }, null],
      [{ alg: 'ES384', kid: 's' }, null],
      [{ alg: 'HS256', kid: 'r' }, null],
      [{ alg: 'none' }, null],
      [{}, null]
    ]
    for (const [header, pem] of table)
      t.equal(await find({ ...header }), pem, JSON.stringify(header))
  }
)

t.test('an algorithm that no key has is not looked for', async (t) => {
  const { find, provider } = await start(t)
  for (const alg of ['none', 'HS256', 'RS512', 7, undefined])
    t.equal(await find({ alg, kid: 'x' }), null)
  t.equal(provider.asked, 0)
})
