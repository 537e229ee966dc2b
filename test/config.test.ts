// Configuration: read whole, refused whole, and the documents say the same as the code.

import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'

import t from 'tap'

import { type ConfigError, readConfig } from '../src/config.ts'
import { catalogue } from '../src/errors.ts'
import { reasonCodes } from '../src/reasons.ts'
import { Settings } from '../src/settings.ts'

const needed = {
  DATABASE_URL: 'postgres://localhost/directo',
  S3_BUCKET: 'avatars',
  JWT_SECRET: 'x'.repeat(32)
}

const problems = (environment: Record<string, string | undefined>) => {
  try {
    readConfig({ ...needed, ...environment })
    return []
  } catch (err) {
    return (err as ConfigError).problems
  }
}

t.test('the defaults are those of the contract', (t) => {
  const config = readConfig(needed)
  t.match(config, {
    grantSeconds: 300,
    urlSeconds: 3600,
    openUploadsPerUser: 10,
    avatar: {
      maxBytes: 5 * 1024 * 1024,
      maxPixels: 4096 * 4096,
      contentTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'],
      locationMetadata: 'refuse'
    }
  })
  t.ok(Object.isFrozen(config))
  t.end()
})

t.test('every problem is listed at once, none is mended with a default', (t) => {
  const told = problems({ DATABASE_URL: undefined, JWT_SECRET: 'short', PORT: 'x', S3_BUCKET: 'X' })
  t.same(
    told.map((problem) => problem.split(' ')[0]),
    ['DATABASE_URL', 'S3_BUCKET', 'PORT', 'JWT_SECRET']
  )
  t.end()
})

t.test('lifetimes and sizes have bounds', (t) => {
  const refused = {
    GRANT_SECONDS: [
      '-1',
      '0',
      '29',
      '901',
      '1e9',
      '"600"',
      'NaN',
      '60.5',
      'Infinity',
      '9'.repeat(400),
      '0x100'
    ],
    URL_SECONDS: ['59', '86401'],
    CONFIRM_SECONDS: ['-1', '3601'],
    AVATAR_MAX_BYTES: ['0', '52428801'],
    AVATAR_CONTENT_TYPES: ['image/svg+xml', 'image/*', 'image/png,', 'image/png,text/html'],
    LOCATION_METADATA: ['maybe'],
    CORS_ORIGINS: ['*', 'https://a.example/', 'a.example', 'null'],
    S3_ENDPOINT: ['localhost:9000', 'ftp://x', 'http://user@x', 'http://%zz', 'http://x:99999'],
    JWT_SECRET: [`-----BEGIN PUBLIC KEY-----${'x'.repeat(32)}`],
    AWS_SESSION_TOKEN: ['alone'],
    REDIS_URL: [
      'localhost:6379',
      'http://localhost:6379',
      'redis://%zz',
      'redis://:%zz@redis',
      'redis://redis/name',
      'redis://',
      'redis'
    ],
    RATE_CREATES_PER_MINUTE: ['-1', '1000001', '1.5'],
    CONFIRMS_AT_ONCE: ['0'],
    PORT: ['65536']
  }
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      t.match(problems({ [name]: value }), [new RegExp(name)], `${name}=${value}`)
    }
  }
  t.same(problems({ GRANT_SECONDS: '30', URL_SECONDS: '60', PORT: '0', HOST: '' }), [])
  t.end()
})

t.test('a list may have spaces after its commas', (t) => {
  const { corsOrigins } = readConfig({
    ...needed,
    CORS_ORIGINS: 'https://a.example, https://b.example '
  })
  t.same(corsOrigins, ['https://a.example', 'https://b.example'])
  t.end()
})

t.test('settings that belong together', (t) => {
  t.match(problems({ AWS_ACCESS_KEY_ID: 'x' }), [/together/])
  t.match(problems({ S3_PUBLIC_ENDPOINT: 'https://s3.example' }), [/needs S3_ENDPOINT/])
  const both = { S3_ENDPOINT: 'http://s3:9000', S3_PUBLIC_ENDPOINT: 'https://s3.example' }
  t.match(readConfig({ ...needed, ...both }).s3, { publicEndpoint: 'https://s3.example' })
  const temporary = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_SESSION_TOKEN: 'c'
  }
  t.match(readConfig({ ...needed, ...temporary }).s3.credentials, { sessionToken: 'c' })
  t.end()
})

t.test('limits have defaults, and an address of Redis is not quoted', (t) => {
  t.match(readConfig(needed).limits, {
    perMinute: { creates: 20, confirms: 120, reads: 3000, addresses: 6000 },
    redisUrl: undefined,
    prefix: 'directo:avatars',
    confirmsAtOnce: 64,
    shed: { delayMs: 500, heapBytes: 0, rssBytes: 0 }
  })
  for (const REDIS_URL of [
    'redis://redis',
    'redis://[::1]:6379',
    'rediss://:se%20cret@redis.example:6380/2'
  ]) {
    t.same(problems({ REDIS_URL }), [])
  }
  t.match(problems({ REDIS_URL: 'https://:secret@redis' }), [/^REDIS_URL is not of (?!.*secret)/])
  t.end()
})

t.test('a secret is measured in bytes', (t) => {
  t.same(problems({ JWT_SECRET: 'ä'.repeat(16) }), [])
  t.match(problems({ JWT_SECRET: 'x'.repeat(31) }), [/32 bytes/])
  t.end()
})

function pem(type: 'rsa' | 'ec' | 'ed25519' | 'rsa-pss', options = {}) {
  const given = { modulusLength: 2048, namedCurve: 'P-256', ...options }
  const { publicKey } = generateKeyPairSync(type as 'ec', given)
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

t.test('exactly one way to verify tokens, and key pairs are for whom they name', (t) => {
  const named = { JWT_SECRET: '', JWT_ISSUER: 'https://login.example', JWT_AUDIENCE: 'directo' }
  const key = pem('ed25519')
  const JWKS_URL = 'https://login.example/keys'
  t.match(problems({ JWT_SECRET: '' }), [/JWT_SECRET is required, or JWT_PUBLIC_KEY, or JWKS_URL/])
  t.match(problems({ ...named, JWT_PUBLIC_KEY: key, JWKS_URL }), [/JWT_PUBLIC_KEY and JWKS_URL/])
  t.match(problems({ ...named, JWT_SECRET: 'x'.repeat(32), JWKS_URL }), [/JWT_SECRET and JWKS_URL/])
  for (const how of [{ JWT_PUBLIC_KEY: key }, { JWKS_URL }]) {
    t.same(problems({ ...named, ...how }), [])
    t.same(problems({ ...named, ...how, JWT_AUDIENCE: '*' }), [])
    t.match(problems({ JWT_SECRET: '', ...how }), [/JWT_ISSUER is req/, /JWT_AUDIENCE is req/])
  }
  for (const PUBLIC of [key, pem('rsa'), pem('ec'), key.replaceAll('\n', '\\n')]) {
    t.same(problems({ ...named, JWT_PUBLIC_KEY: PUBLIC }), [])
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  const refused = {
    JWT_PUBLIC_KEY: [
      'garbage',
      'x'.repeat(32),
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      pem('rsa', { modulusLength: 1024 }),
      pem('rsa-pss'),
      pem('ec', { namedCurve: 'secp256k1' }),
      pem('ec', { namedCurve: 'P-384' })
    ],
    JWKS_URL: [
      'garbage',
      'http://login.example/keys',
      'http://127.0.0.1.example/keys',
      'ftp://127.0.0.1/keys',
      'file:///etc/passwd',
      'data:application/json,{}',
      'https://user:password@login.example/keys'
    ],
    JWT_CLOCK_TOLERANCE_SECONDS: ['61', '-1'],
    JWT_MAX_LIFETIME_SECONDS: ['59', '-1']
  }
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      const others = name.endsWith('SECONDS') ? { JWKS_URL } : {}
      const [told, ...more] = problems({ ...named, ...others, [name]: value })
      t.match(told, new RegExp(`^${name} `), value)
      t.same(more, [])
      t.notMatch(told, value.split('\n')[1] ?? 'PASSWORD', 'a key is not quoted')
    }
  }
  for (const here of ['http://localhost:8080/keys', 'http://127.0.0.1/keys', 'http://[::1]/keys']) {
    t.same(problems({ ...named, JWKS_URL: here }), [])
  }
  t.match(problems({ JWT_SECRET: '{"kty":"RSA","n":"...................."}' }), [/is a key, not a/])
  t.end()
})

t.test('no token may live longer than an erasure is known', (t) => {
  const told = [/JWT_MAX_LIFETIME_SECONDS is more than TOMBSTONE_DAYS/]
  const [month, quarter] = ['2592000', '7776000']
  t.same(problems({ TOMBSTONE_DAYS: '30' }), [])
  t.match(problems({ TOMBSTONE_DAYS: '29' }), told)
  t.same(problems({ JWT_MAX_LIFETIME_SECONDS: quarter }), [])
  t.match(problems({ JWT_MAX_LIFETIME_SECONDS: `${Number(quarter) + 1}` }), told)
  t.same(problems({ JWT_MAX_LIFETIME_SECONDS: month, TOMBSTONE_DAYS: '30' }), [])
  t.end()
})

t.test('metrics are off until it is said where they are read, or by whom', (t) => {
  const token = 'm'.repeat(32)
  t.equal(readConfig(needed).metrics, undefined)
  t.match(readConfig({ ...needed, METRICS_TOKEN: token }).metrics, { port: undefined, token })
  const own = { port: 9464, host: '127.0.0.1', token: undefined }
  t.match(readConfig({ ...needed, METRICS_PORT: '9464' }).metrics, own)
  t.match(problems({ METRICS_PORT: '3000' }), [/METRICS_PORT and PORT are the same/])
  t.match(problems({ METRICS_PORT: '80', PORT: '80' }), [/are the same/])
  t.same(problems({ METRICS_PORT: '0', PORT: '0' }), [])
  t.match(problems({ METRICS_PORT: '65536' }), [/METRICS_PORT/])
  const [told, ...more] = problems({ METRICS_TOKEN: 'too short a secret' })
  t.equal(told, 'METRICS_TOKEN must have at least 32 bytes')
  t.same(more, [])
  t.match(problems({ METRICS_TOKEN: needed.JWT_SECRET }), [/METRICS_TOKEN and JWT_SECRET are/])
  t.end()
})

t.test('.env.example and the README name every setting', (t) => {
  const example = readFileSync('.env.example', 'utf8')
  const readme = readFileSync('README.md', 'utf8')
  const names = Object.keys(Settings.properties)
  const named = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
  t.same(named.sort(), names.sort())
  for (const name of names) t.match(readme, `\`${name}\``)
  t.end()
})

t.test('the README names every error code and every reason', (t) => {
  const readme = readFileSync('README.md', 'utf8')
  for (const code of [...Object.keys(catalogue), ...reasonCodes]) t.match(readme, `\`${code}\``)
  t.end()
})

t.test('the store decides how clients send, and what is unsafe is refused', (t) => {
  const sent = (environment: Record<string, string>) =>
    readConfig({ ...needed, ...environment }).s3.method
  t.equal(sent({}), 'POST')
  t.equal(sent({ STORE: 'r2' }), 'PUT')
  t.equal(sent({ S3_ENDPOINT: 'https://abc.r2.cloudflarestorage.com' }), 'PUT')
  t.equal(sent({ S3_ENDPOINT: 'https://s3.us-west-004.backblazeb2.com' }), 'PUT')
  t.equal(sent({ S3_ENDPOINT: 'https://abc.r2.cloudflarestorage.com', STORE: 'aws' }), 'POST')
  t.equal(sent({ UPLOAD_METHOD: 'put' }), 'PUT')
  t.equal(sent({ STORE: 'put+if-none-match' }), 'PUT')
  t.equal(sent({ STORE: 'post+sha256' }), 'POST')

  t.match(problems({ STORE: 'r2', UPLOAD_METHOD: 'post' }), [/r2 takes no POST/])
  t.match(problems({ STORE: 'post', UPLOAD_METHOD: 'put' }), [/PUT of any length/])
  t.match(problems({ STORE: 'ceph', UPLOAD_METHOD: 'put' }), [/ceph would take a PUT of any/])
  t.match(problems({ STORE: 'sha256' }), [/PUT of any length/])
  const given = { S3_ENDPOINT: 'http://s3.example:9000' }
  t.equal(sent(given), 'POST')
  t.match(problems({ ...given, UPLOAD_METHOD: 'put' }), [/nobody named would take a PUT/])
  t.equal(sent({ S3_ENDPOINT: 'https://s3.eu-west-1.amazonaws.com', UPLOAD_METHOD: 'put' }), 'PUT')
  t.match(problems({ STORE: 'minio', UPLOAD_METHOD: 'put' }), [/minio would take a PUT/])
  t.match(problems({ STORE: 'a store that nobody named' }), [/STORE/, /STORE/])
  t.match(problems({ S3_ENDPOINT: 'http://s3.example/path' }), [/form https:.* \(no path/])
  t.match(problems({ STORE: 'r3' }), [/"r3" is none of aws, /])
  t.match(problems({ STORE: 'post+fly' }), [/"post\+fly" is none of/])
  t.match(problems({ UPLOAD_METHOD: 'ftp' }), [/UPLOAD_METHOD .*auto, post, put/])
  t.end()
})
