// Avatars read through CloudFront: what it will verify, in windows, and which settings say so.

import { createVerify, generateKeyPairSync } from 'node:crypto'

import t, { type Test } from 'tap'

import { type ConfigError, readConfig } from '../src/config.ts'
import { openBucket } from '../src/s3/bucket.ts'
import { remembered } from '../src/s3/cloudfront.ts'

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })
const { publicKey, privateKey } = rsa(2048)
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

const needed = {
  DATABASE_URL: 'postgres://localhost/directo',
  S3_BUCKET: 'avatars',
  JWT_SECRET: 'x'.repeat(32)
}
const cdn = {
  PUBLIC_ASSET_BASE: 'https://cdn.example',
  CLOUDFRONT_KEY_PAIR_ID: 'K2JCJMDEHXQW5F',
  CLOUDFRONT_PRIVATE_KEY: pem
}
const object = { key: `avatars/${'a'.repeat(32)}`, contentType: 'image/png' }
const lifetime = { seconds: 3600, now: new Date('2026-01-01T10:10:00Z') }

function bucketOf(t: Test, environment = {}) {
  const bucket = openBucket(readConfig({ ...needed, ...cdn, ...environment }).s3)
  t.teardown(() => bucket.close())
  return bucket
}

/** Takes a URL apart as CloudFront does, and verifies it. */
function verified(url: string) {
  const [resource = '', signed = ''] = url.split('&Expires=')
  const query = new URLSearchParams(`Expires=${signed}`)
  const Condition = { DateLessThan: { 'AWS:EpochTime': Number(query.get('Expires')) } }
  const policy = JSON.stringify({ Statement: [{ Resource: resource, Condition }] })
  const letters: Record<string, string> = { '-': '+', _: '=', '~': '/' }
  const signature = query.get('Signature')!.replace(/[-_~]/g, (one) => letters[one]!)
  return {
    resource,
    names: [...query.keys()],
    keyPairId: query.get('Key-Pair-Id'),
    expires: new Date(Number(query.get('Expires')) * 1000),
    isGood: createVerify('RSA-SHA1').update(policy).verify(publicKey, signature, 'base64')
  }
}

t.test('it is signed as CloudFront verifies it, without credentials of S3', async (t) => {
  const { url, expiresAt } = await bucketOf(t).presignGet({ ...object, ...lifetime })
  t.same(verified(url), {
    resource:
      `https://cdn.example/${object.key}?response-content-disposition=` +
      'inline%3B%20filename%3D%22avatar%22&response-content-type=image%2Fpng',
    names: ['Expires', 'Key-Pair-Id', 'Signature'],
    keyPairId: 'K2JCJMDEHXQW5F',
    expires: new Date('2026-01-01T11:00:00Z'),
    isGood: true
  })
  t.same(expiresAt, new Date('2026-01-01T11:00:00Z'))
  t.notOk(verified(url.replace('image%2Fpng', 'text%2Fhtml')).isGood)
  t.equal(await bucketOf(t).lifeProblem(lifetime), null)
})

t.test('inside a window the URL is the same on every instance', async (t) => {
  const first = await bucketOf(t).openSigner(lifetime)
  const later = { ...lifetime, now: new Date('2026-01-01T10:29:59Z') }
  const bucket = bucketOf(t)
  const second = await bucket.openSigner(later)
  t.same(second(object), first(object))
  t.same(second(object), first(object), 'also when it is remembered')
  const next = await bucket.openSigner({ ...lifetime, now: new Date('2026-01-01T10:30:00Z') })
  t.not(next(object).url, first(object).url)
  t.same(second(object), first(object), 'and that of the one before still can be had')
  t.not(first({ ...object, contentType: 'image/gif' }).url, first(object).url)
})

t.test(
  'no more URLs are remembered than there is room for, the latest asked for stay',
  async (t) => {
    const signed: string[] = []
    const count = (plain: string) => `${signed.push(plain)}`
    const urls = new Map<string, string>()
    for (const plain of ['a', 'b', 'a', 'c', 'a', 'b']) remembered(urls, plain, count, 2)
    t.same(signed, ['a', 'b', 'c', 'b'])
    t.same([...urls.keys()], ['a', 'b'])
  }
)

t.test('an address is written as browsers write it', async (t) => {
  const bases = {
    'https://cdn.example/': 'https://cdn.example/avatars/',
    'https://CDN.Example:443': 'https://cdn.example/avatars/',
    'https://cdn.example/a/b/': 'https://cdn.example/a/b/avatars/',
    'https://cdn.example:8443/ä%20b': 'https://cdn.example:8443/%C3%A4%20b/avatars/',
    'http://127.0.0.1:9000/cdn': 'http://127.0.0.1:9000/cdn/avatars/'
  }
  for (const [PUBLIC_ASSET_BASE, start] of Object.entries(bases)) {
    const bucket = bucketOf(t, { PUBLIC_ASSET_BASE })
    const { url } = await bucket.presignGet({ ...object, ...lifetime })
    t.ok(url.startsWith(start), url)
    t.equal(new URL(url).href, url)
    t.equal(JSON.stringify(url), `"${url}"`, 'JSON takes it as it is')
    t.ok(verified(url).isGood)
  }
})

t.test('a key may stand on one line', async (t) => {
  const oneLine = { CLOUDFRONT_PRIVATE_KEY: pem.replaceAll('\n', '\\n') }
  const facts = { ...object, ...lifetime }
  t.same(await bucketOf(t, oneLine).presignGet(facts), await bucketOf(t).presignGet(facts))
})

t.test('all three settings or none, and only those that CloudFront can use', (t) => {
  const problems = (environment: Record<string, string | undefined>) => {
    try {
      readConfig({ ...needed, ...cdn, ...environment })
      return []
    } catch (err) {
      return (err as ConfigError).problems
    }
  }
  const none = Object.fromEntries(Object.keys(cdn).map((name) => [name, undefined]))
  t.same(problems({}), [])
  t.same(problems(none), [])
  t.notOk(readConfig(needed).s3.cdn)
  for (const name of Object.keys(cdn)) {
    t.match(problems({ [name]: undefined }), [new RegExp(`together: ${name} missing`)])
  }
  const text = (key: ReturnType<typeof rsa>['privateKey']) =>
    key.export({ type: 'pkcs8', format: 'pem' }) as string
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'x' }
  const refused = {
    PUBLIC_ASSET_BASE: [
      'http://cdn.example',
      'cdn.example',
      'https://cdn.example/?a=b',
      'https://cdn.example/a#b',
      'https://me@cdn.example',
      'https://cdn.example:99999',
      'http://localhost.example'
    ],
    CLOUDFRONT_KEY_PAIR_ID: ['k2', 'K2&Policy=x'],
    CLOUDFRONT_PRIVATE_KEY: [
      'x',
      text(rsa(1024).privateKey),
      text(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      text(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }) as string,
      publicKey.export({ type: 'spki', format: 'pem' }) as string
    ]
  }
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      const told = problems({ [name]: value })
      t.match(told, [new RegExp(`^${name} is not`)], value)
      t.notMatch(told.join(), /BEGIN|x{5}/)
    }
  }
  t.end()
})
