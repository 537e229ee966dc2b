// What a store does with each thing that Directo asks, or could ask, of it: found by asking.

import { createHash, randomBytes } from 'node:crypto'

import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  S3ServiceException
} from '@aws-sdk/client-s3'

import type { Server } from '../../../src/dev/environment.ts'
import { newId, newObjectKey, stagingKey } from '../../../src/keys.ts'
import { type Bucket, openBucket } from '../../../src/s3/bucket.ts'
import type { GrantFacts, GrantRequest } from '../../../src/s3/grant.ts'
import type { Ability } from '../../../src/stores.ts'
import { send } from '../send.ts'
import { removeBucket } from './remove.ts'

/** It does it, it says no, or it says yes and does not do it. */
export type Finding = 'works' | 'refused' | 'ignored'

export interface Probe {
  name: string
  ability?: Ability
  /** What Directo does where the store does not. */
  emulated?: string
  find: (target: Target) => Promise<Finding>
}

interface Target {
  endpoint: string
  client: S3Client
  Bucket: string
  /** The same, with the abilities named. */
  with: (...can: Ability[]) => Bucket
}

export const probes: Probe[] = [
  {
    name: 'POST policy enforced',
    ability: 'post',
    find: (target) => enforced(target.with(), 'presignPost', { 'Content-Type': 'text/html' })
  },
  {
    name: 'PUT length and type enforced',
    ability: 'put',
    find: async (target) =>
      (await takesCopies(target))
        ? 'ignored'
        : enforced(target.with(), 'presignPut', { 'content-type': 'text/html' })
  },
  {
    name: 'PUT unsigned headers refused',
    ability: 'signed-headers',
    emulated: 'the copy carries none over',
    find: unsigned
  },
  {
    name: 'PUT If-None-Match',
    ability: 'if-none-match',
    emulated: 'what is confirmed is a copy',
    find: overwrite
  },
  {
    name: 'COPY if-match',
    ability: 'copy-if-match',
    emulated: 'the copy is verified',
    find: staleCopy
  },
  {
    name: 'SHA-256 compared',
    ability: 'sha256',
    emulated: 'confirm reads and compares',
    find: checksum
  },
  { name: 'CORS API', ability: 'cors', find: cors },
  { name: 'lifecycle API', emulated: 'the janitor does it', find: lifecycle },
  { name: 'public access block API', find: publicAccess },
  { name: 'default encryption API', find: encryption },
  { name: 'versioning', find: versioning },
  { name: 'list, start-after', find: listing },
  { name: 'DeleteObjects', find: deletion },
  { name: 'ranged GET', find: range },
  { name: 'response overrides', find: overrides }
]

/** Asks a store everything, in a new bucket of its own. */
export async function probeAll(server: Server) {
  const Bucket = `directo-probe-${randomBytes(6).toString('hex')}`
  const client = new S3Client({ ...server, forcePathStyle: true, maxAttempts: 1 })
  await client.send(new CreateBucketCommand({ Bucket }))
  const opened: Bucket[] = []
  const target: Target = {
    ...{ endpoint: server.endpoint, client, Bucket },
    with: (...can) => {
      const bucket = openBucket({
        ...{ ...server, publicEndpoint: server.endpoint, pathStyle: true, deadlineMs: 10_000 },
        credentials: { ...server.credentials, sessionToken: undefined },
        ...{ bucket: Bucket, store: { name: 'this', can: new Set(can) }, method: 'POST' }
      })
      opened.push(bucket)
      return bucket
    }
  }
  const found: { probe: Probe; finding: Finding }[] = []
  for (const probe of probes) found.push({ probe, finding: await probe.find(target) })
  for (const { close } of opened) close()
  await removeBucket(client, Bucket)
  await removeBucket(client, `${Bucket}-versions`).catch(() => {}) // if it could be made
  client.destroy()
  return found
}

const bytes = randomBytes(500)
const other = randomBytes(500)
const longer = Buffer.concat([bytes, other])
const sha256 = createHash('sha256').update(bytes).digest('hex')

const facts = (more: Partial<GrantFacts> = {}): GrantFacts => ({
  ...{ key: stagingKey(newId()), contentType: 'image/png', sizeBytes: bytes.length },
  ...{ sha256: null, seconds: 60, ...more }
})

const isTaken = async (request: GrantRequest, body = bytes) => (await send(request, body)).ok

async function enforced(
  bucket: Bucket,
  presign: 'presignPost' | 'presignPut',
  type: Record<string, string>
): Promise<Finding> {
  const sign = async (key = stagingKey(newId())) => (await bucket[presign](facts({ key }))).request
  const good = stagingKey(newId())
  if (!(await isTaken(await sign(good)))) return 'refused'
  if ((await bucket.head(good))?.contentType !== 'image/png') return 'ignored'
  const typed = await sign()
  const [headers, fields] = [{ ...typed.headers }, { ...typed.fields }]
  Object.assign(typed.method === 'PUT' ? headers : fields, type)
  const elsewhere = await sign()
  const [from, to] = [elsewhere.url, elsewhere.fields.key].map((text) => text ?? '')
  const moved = {
    ...elsewhere,
    url: from?.replace(/staging\/[^?]+/, stagingKey(newId())) ?? '',
    fields: to ? { ...elsewhere.fields, key: stagingKey(newId()) } : {}
  }
  const wrong = [
    isTaken(await sign(), longer),
    isTaken(await sign(), bytes.subarray(1)),
    isTaken({ ...typed, headers, fields }),
    isTaken(moved)
  ]
  return (await Promise.all(wrong)).some(Boolean) ? 'ignored' : 'works'
}

// An unsigned x-amz-copy-source: the object that it names, of any length and type.
async function takesCopies(target: Target) {
  const bucket = target.with()
  const [source, key] = [stagingKey(newId()), stagingKey(newId())]
  await target.client.send(
    new PutObjectCommand({ Bucket: target.Bucket, Key: source, Body: longer })
  )
  const { request } = await bucket.presignPut(facts({ key }))
  const headers = { ...request.headers, 'x-amz-copy-source': `${target.Bucket}/${source}` }
  await send({ ...request, headers }, bytes)
  return (await bucket.head(key))?.sizeBytes === longer.length
}

async function unsigned({ with: open }: Target): Promise<Finding> {
  const { request } = await open().presignPut(facts())
  const headers = { ...request.headers, 'x-amz-meta-role': 'admin' }
  return (await isTaken({ ...request, headers })) ? 'ignored' : 'works'
}

async function overwrite(target: Target): Promise<Finding> {
  const { request } = await target.with('if-none-match').presignPut(facts())
  if (!(await isTaken(request))) return 'refused'
  return (await isTaken(request)) ? 'ignored' : 'works'
}

async function checksum(target: Target): Promise<Finding> {
  const sign = async () => {
    const bucket = target.with('sha256')
    return [await bucket.presignPut(facts({ sha256 })), await bucket.presignPost(facts({ sha256 }))]
  }
  const right = await Promise.all((await sign()).map(({ request }) => isTaken(request)))
  if (!right[0]) return 'refused'
  const wrong = await Promise.all((await sign()).map(({ request }) => isTaken(request, other)))
  return wrong[0] || (right[1] && wrong[1]) ? 'ignored' : 'works'
}

function staleCopy({ client, Bucket }: Target) {
  return asked(async () => {
    const [Key, to] = [stagingKey(newId()), newObjectKey()]
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }))
    const copy = (CopySourceIfMatch?: string) =>
      client.send(
        new CopyObjectCommand({
          Bucket,
          Key: to,
          CopySource: `${Bucket}/${Key}`,
          CopySourceIfMatch
        })
      )
    await copy(ETag)
    return copy(`"${'0'.repeat(32)}"`).then(
      () => false,
      (err) => isStatus(err, 412)
    )
  })
}

function cors({ client, Bucket, endpoint }: Target) {
  const origin = 'https://app.example'
  const rule = { AllowedOrigins: [origin], AllowedMethods: ['PUT'], AllowedHeaders: ['*'] }
  const CORSConfiguration = { CORSRules: [rule] }
  return asked(async () => {
    await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
    const { CORSRules = [] } = await client.send(new GetBucketCorsCommand({ Bucket }))
    const preflight = async (origin: string) => {
      const headers = {
        ...{ origin, 'access-control-request-method': 'PUT' },
        'access-control-request-headers': 'content-type'
      }
      const reply = await fetch(`${endpoint}/${Bucket}/staging/x`, { method: 'OPTIONS', headers })
      return reply.ok && reply.headers.has('access-control-allow-origin')
    }
    const foreign = await preflight('https://other.example')
    return CORSRules.length === 1 && (await preflight(origin)) && !foreign
  })
}

function lifecycle({ client, Bucket }: Target) {
  const rule = {
    ...{ ID: 'probe', Status: 'Enabled' as const, Filter: { Prefix: 'staging/' } },
    Expiration: { Days: 1 }
  }
  const LifecycleConfiguration = { Rules: [rule] }
  return asked(async () => {
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration })
    )
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    return Rules?.[0]?.ID === rule.ID
  })
}

function publicAccess({ client, Bucket }: Target) {
  const PublicAccessBlockConfiguration = { IgnorePublicAcls: true, BlockPublicPolicy: true }
  return asked(async () => {
    await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
    const { PublicAccessBlockConfiguration: found } = await client.send(
      new GetPublicAccessBlockCommand({ Bucket })
    )
    return Boolean(found?.IgnorePublicAcls && found.BlockPublicPolicy)
  })
}

function encryption({ client, Bucket }: Target) {
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }
  const ServerSideEncryptionConfiguration = { Rules: [rule] }
  return asked(async () => {
    await client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }))
    const found = await client.send(new GetBucketEncryptionCommand({ Bucket }))
    return found.ServerSideEncryptionConfiguration?.Rules?.length === 1
  })
}

// In a bucket of its own: what is versioned is harder to empty.
function versioning({ client, Bucket }: Target) {
  const versioned = `${Bucket}-versions`
  const VersioningConfiguration = { Status: 'Enabled' as const }
  return asked(async () => {
    await client.send(new CreateBucketCommand({ Bucket: versioned }))
    await client.send(
      new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration })
    )
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: versioned }))
    return Status === 'Enabled'
  })
}

function listing(target: Target) {
  return asked(async () => {
    const keys = ['a', 'b-b', 'b/b', 'c'].map((name) => `staging/probe-${name}`)
    for (const key of keys) await put(target, key)
    const { objects } = await target.with().list('staging/probe-', keys[0]!)
    return objects.map(({ key }) => key).join() === keys.slice(1).join()
  })
}

function deletion(target: Target) {
  return asked(async () => {
    const keys = [newObjectKey(), newObjectKey()]
    for (const key of keys) await put(target, key)
    const bucket = target.with()
    const { deleted } = await bucket.delete(keys)
    return deleted.length === 2 && !(await bucket.head(keys[0]!)) && !(await bucket.head(keys[1]!))
  })
}

function range(target: Target) {
  return asked(async () => {
    const key = newObjectKey()
    await put(target, key)
    const read = await target.with().readRange(key, 100, 199)
    return Boolean(read?.bytes.equals(bytes.subarray(100, 200)))
  })
}

function overrides(target: Target) {
  return asked(async () => {
    const key = newObjectKey()
    await put(target, key)
    const now = new Date()
    const facts = { key, contentType: 'image/png', seconds: 60, now }
    const { headers, ok } = await fetch((await target.with().presignGet(facts)).url)
    return ok && headers.get('content-type') === 'image/png' && headers.has('content-disposition')
  })
}

const put = ({ client, Bucket }: Target, Key: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: bytes, ContentType: 'text/html' }))

// An error is a refusal, whatever it says; what is answered with success must also have happened.
async function asked(ask: () => Promise<boolean>): Promise<Finding> {
  try {
    return (await ask()) ? 'works' : 'ignored'
  } catch (err) {
    if (err instanceof S3ServiceException && !isStatus(err, 403)) return 'refused'
    throw err
  }
}

const isStatus = (err: unknown, status: number) =>
  err instanceof S3ServiceException && err.$metadata.httpStatusCode === status
