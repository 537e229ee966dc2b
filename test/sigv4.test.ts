// What our own signers make is what the official ones make, byte for byte.

import { GetObjectCommand } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import t from 'tap'

import { type Connection, openClients } from '../src/s3/client.ts'
import type { Credentials } from '../src/s3/credentials.ts'
import { placeOf } from '../src/s3/place.ts'
import { signPolicy } from '../src/s3/post-policy.ts'
import { authorize, DISPOSITION, encodePath, prepare, signingKeys } from '../src/s3/sigv4.ts'
import { FUZZ } from './support/thorough.ts'

const OPTIONS = { numRuns: 200 * FUZZ } // .ci/run asks for more

const ODD = [...' !"#$%&\'()*+,-./:;<=>?@[]^_`{|}~', 'ä', '€', '😀', '\u0000', '\n']
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']
const textOf = (letters: string[], minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength })

const credentials = fc.record({
  accessKeyId: fc.oneof(textOf(LETTERS, 1, 32), textOf([...LETTERS, ...'+/=_.@ '], 1, 20)),
  secretAccessKey: fc.oneof(textOf([...LETTERS, ...'+/='], 1, 60), textOf(ODD, 1, 90)),
  sessionToken: fc.option(textOf([...LETTERS, ...'+/=%&? ~*'], 1, 900), { nil: undefined })
})

const bucket = fc.oneof(
  fc.constantFrom(
    'abc',
    'my.pictures.example.com',
    '127.0.0.1',
    'a.b',
    `1.2-3--4.${'b'.repeat(54)}`
  ),
  textOf([...'abcz019-.'], 3, 63).filter((name) => /^[a-z0-9][a-z0-9.-]+[a-z0-9]$/.test(name))
)
const port = fc.constantFrom('', ':80', ':443', ':9000', ':65535', '/')
const name = fc.constantFrom(
  's3.example',
  'localhost',
  '127.0.0.1',
  '[::1]',
  'S3.Example.COM',
  'a_b'
)
const endpoint = fc.option(
  fc
    .tuple(fc.constantFrom('http', 'https'), name, port)
    .map(([scheme, host, port]) => `${scheme}://${host}${port}`),
  { nil: undefined }
)
const region = fc.constantFrom(
  'us-east-1',
  'eu-central-1',
  'cn-north-1',
  'us-gov-west-1',
  'auto',
  'garage',
  'us-west-004',
  'x'
)

const key = fc.oneof(
  textOf([...'0123456789abcdef'], 32, 32).map((id) => `avatars/${id}`),
  textOf([...LETTERS, ...ODD], 1, 60)
)
const contentType = fc.oneof(
  fc.constantFrom('image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'),
  textOf([...LETTERS, ...'/+.; ="\'*~'], 1, 40)
)

const at = fc.oneof(
  fc.date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  fc
    .constantFrom(
      '2024-02-28T23:59:59Z',
      '2024-02-29T00:00:00Z',
      '2023-12-31T23:59:59.999Z',
      '2000-02-29T12:00:00Z',
      '2026-01-01T00:00:00Z',
      '2016-12-31T23:59:59Z',
      '2038-01-19T03:14:08Z'
    )
    .map((text) => new Date(text))
)
const seconds = fc.oneof(fc.integer({ min: 1, max: 604_800 }), fc.constantFrom(60, 3600, 86_400))

t.test('whatever is signed, wherever, and whoever signs it', async (t) => {
  const given = {
    credentials,
    bucket,
    endpoint,
    pathStyle: fc.boolean(),
    region,
    key,
    contentType,
    at,
    seconds
  }
  let signed = 0
  const property = fc.asyncProperty(fc.record(given), async (it) => {
    const client = clientOf(it)
    const command = new GetObjectCommand({
      Bucket: it.bucket,
      Key: it.key,
      ResponseContentType: it.contentType,
      ResponseContentDisposition: DISPOSITION
    })
    const options = { signingDate: it.at, expiresIn: it.seconds }
    const theirs = await outcome(() => getSignedUrl(client, command, options))
    const ours = await outcome(async () => {
      const place = await placeOf(client, it.bucket)
      const window = { startsAt: it.at, endsAt: it.at, seconds: it.seconds }
      return prepare(place, it.credentials, window)(it.key, it.contentType)
    })
    if (theirs !== REFUSED) signed++
    if (ours !== theirs) throw new Error(`${ours}\nshould be\n${theirs}`)
    if (JSON.stringify(ours) !== `"${ours}"`) throw new Error(`${ours} cannot be in JSON as it is`)
  })
  await fc.assert(property, OPTIONS)
  t.ok(signed > OPTIONS.numRuns * 0.9, `${signed} of ${OPTIONS.numRuns} were not refused`)
})

t.test('whatever a form is granted, wherever, and whoever grants it', async (t) => {
  const fields = fc.record({ 'Content-Type': contentType })
  const checked = fc.record({
    'Content-Type': contentType,
    'x-amz-checksum-algorithm': fc.constant('SHA256'),
    'x-amz-checksum-sha256': textOf([...LETTERS, ...'+/='], 44, 44)
  })
  const given = {
    credentials,
    bucket,
    endpoint,
    pathStyle: fc.boolean(),
    region,
    key,
    at,
    seconds,
    sizeBytes: fc.integer({ min: 1, max: 5_000_000_000 }),
    fields: fc.oneof(fields, checked)
  }
  let signed = 0
  const property = fc.asyncProperty(fc.record(given), async (it) => {
    const client = clientOf(it)
    const theirs = await outcome(async () => {
      const grant = atThe(it.at, () =>
        createPresignedPost(client, {
          Bucket: it.bucket,
          Key: it.key,
          Expires: it.seconds,
          Conditions: [['content-length-range', it.sizeBytes, it.sizeBytes]],
          Fields: it.fields
        })
      )
      return JSON.stringify(await grant, null, 1)
    })
    const ours = await outcome(async () => {
      const place = await placeOf(client, it.bucket)
      const known = { ...place, keyOf: signingKeys(place.region) }
      for (const before of othersThan(it)) signPolicy(known, it.bucket, ...before, it)
      return JSON.stringify(signPolicy(known, it.bucket, it.credentials, it.at, it), null, 1)
    })
    if (theirs !== REFUSED) signed++
    if (ours !== theirs) throw new Error(`${ours}\nshould be\n${theirs}`)
  })
  await fc.assert(property, OPTIONS)
  t.ok(signed > OPTIONS.numRuns * 0.9, `${signed} of ${OPTIONS.numRuns} were not refused`)
})

t.test('whatever a request says in its headers', async (t) => {
  const value = textOf([...LETTERS, ...'/=-"*;:,. '], 0, 60).map((text) => `x${text}`.trim())
  const given = {
    credentials,
    region,
    key,
    at,
    host: fc.constantFrom('b.s3.example', '127.0.0.1:9000', '[::1]:9000'),
    method: fc.constantFrom('GET', 'HEAD', 'PUT'),
    headers: fc.record({ range: value, 'x-amz-copy-source': value, 'content-type': value })
  }
  const { sha256 } = openClients({
    region: 'x',
    endpoint: undefined,
    publicEndpoint: undefined,
    pathStyle: true,
    credentials: undefined,
    deadlineMs: 1000
  }).signer.config
  const property = fc.asyncProperty(fc.record(given), async (it) => {
    const path = `/b/${encodePath(it.key)}`
    const theirs = await new SignatureV4({
      service: 's3',
      region: it.region,
      credentials: it.credentials,
      sha256,
      uriEscapePath: false,
      applyChecksum: true
    }).sign(
      {
        protocol: 'http:',
        hostname: it.host,
        path,
        method: it.method,
        headers: { ...it.headers, host: it.host }
      },
      { signingDate: it.at }
    )
    const place = { host: it.host, keyOf: signingKeys(it.region) }
    for (const [others, now] of othersThan(it)) authorize(place, others, { ...it, path, now })
    const ours = authorize(place, it.credentials, { ...it, path, now: it.at })
    if (ours.authorization !== theirs.headers.authorization) {
      throw new Error(`${ours.authorization}\nshould be\n${theirs.headers.authorization}`)
    }
  })
  await fc.assert(property, OPTIONS)
  t.pass(`${OPTIONS.numRuns} requests`)
})

type Client = Pick<Connection, 'region' | 'pathStyle'> & {
  endpoint: string | undefined
  credentials: Credentials & { sessionToken: string | undefined }
}

const clientOf = ({ endpoint: publicEndpoint, region, pathStyle, credentials }: Client) => {
  const where = { region, pathStyle, credentials, publicEndpoint }
  return openClients({ ...where, endpoint: undefined, deadlineMs: 1000 }).signer
}

// The last signing key is remembered: neither that of another day nor that of others may stay behind.
const othersThan = ({ credentials, at }: { credentials: Credentials; at: Date }) =>
  [
    [credentials, new Date(at.getTime() + 86_400_000)],
    [{ ...credentials, secretAccessKey: 'of another' }, at]
  ] satisfies [Credentials, Date][]

// It looks at the clock at once, and only then.
function atThe<Result>(time: Date, run: () => Result) {
  const real = Date.now
  Date.now = () => time.getTime()
  try {
    return run()
  } finally {
    Date.now = real
  }
}

// What the SDK refuses to sign, such as a lifetime of more than a week, is not compared.
const REFUSED = 'refused'
const outcome = (sign: () => Promise<string>) => sign().catch(() => REFUSED)
