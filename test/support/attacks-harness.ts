// Carries out a table of attacks on the sandbox, on a store that lies, and on a real one if given.
//
// TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY and TEST_S3_REGION name the
// real store, TEST_S3_STORE says which it is; buckets are made there and removed again.

import { randomUUID } from 'node:crypto'

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand
} from '@aws-sdk/client-s3'
import type { Test } from 'tap'

import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { newId, stagingKey } from '../../src/keys.ts'
import { openBucket } from '../../src/s3/bucket.ts'
import { storeOf } from '../../src/stores.ts'
import type { Difference, Differences } from './attacks-differences.ts'
import { type Attack, FILE, LIVE_KEY, NEIGHBOUR_KEY, type Target } from './attacks-target.ts'
import { clientOf } from './sandbox.ts'

export interface Table {
  attacks: Attack[]
  /** The grant used as it is meant to be, and the status of its success. */
  control: (target: Target, key: string) => Promise<{ status: number }>
  accepted: number
  /** By the real store, and why. */
  differences: Differences
}

const { TEST_S3_ENDPOINT: endpoint, TEST_S3_REGION: region = 'us-east-1' } = process.env
const { TEST_S3_STORE: storeName = 'ceph' } = process.env
const credentials = {
  accessKeyId: process.env.TEST_S3_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.TEST_S3_SECRET_ACCESS_KEY ?? ''
}

export async function carryOutAll(t: Test, table: Table) {
  const { attacks } = table
  t.test('each attack has a name of its own', async (t) => {
    t.ok(attacks.length >= 60, `${attacks.length} attacks`)
    t.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length)
  })
  t.test('the sandbox', async (t) => {
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    await attackSandbox(t, table, await makeTarget(t, table, sandbox))
  })
  t.test('the lying store', async (t) => {
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    const target = await makeTarget(t, table, sandbox)
    sandbox.misbehave.lieAboutEverything()
    await attackLiar(t, table, target)
  })
  const known = table.differences[storeName as keyof Differences] ?? []
  const impossible = typeof known === 'string' && known
  t.test(
    'the store given',
    { skip: endpoint ? impossible : 'TEST_S3_ENDPOINT is not set' },
    async (t) => {
      const server = { endpoint: endpoint!, region, credentials }
      const target = await makeTarget(t, table, server)
      await attackGiven(t, table, target, known as Difference[])
    }
  )
}

async function attackSandbox(t: Test, { attacks, accepted }: Table, target: Attacked) {
  for (const attack of attacks) {
    await t.test(`${attack.threat} ${attack.name}`, async (t) => {
      const { place, refusal, before, after } = await carryOut(target, attack)
      if (attack.expect === 'harmless') {
        t.match(refusal, { status: accepted })
        t.same(Object.keys(after), [...Object.keys(before), place].sort())
        t.match(after[place], { Size: FILE.length }, 'the first file, whole')
      } else {
        t.same(refusal, attack.expect)
        t.same(after, before, 'nothing is stored or changed')
      }
    })
  }
}

async function attackLiar(t: Test, { attacks }: Table, target: Target) {
  for (const { threat, name, prepare, send } of attacks.filter(({ storable }) => storable)) {
    await t.test(`${threat} ${name} succeeds, so the attack is a real one`, async (t) => {
      const key = stagingKey(newId())
      await prepare?.(target, key)
      const { status, code } = await send(target, key)
      t.match(`${status}`, /^(20\d|303)$/, code)
    })
  }
}

async function attackGiven(
  t: Test,
  { attacks, accepted }: Table,
  target: Attacked,
  known: Difference[]
) {
  for (const attack of attacks) {
    const { threat, name, expect } = attack
    await t.test(`${threat} ${name}`, async (t) => {
      const { place, refusal, before, after } = await carryOut(target, attack)
      const difference = known.find(({ attack }) => attack === name)
      const usual = expect === 'harmless' ? accepted : expect.status
      const said = `${refusal.status} ${refusal.code} ${difference?.because ?? ''}`
      const possible = [difference?.status ?? usual, ...(difference?.sometimes ? [usual] : [])]
      t.ok(possible.includes(refusal.status), said)
      if (difference?.code) t.equal(refusal.code, difference.code)
      t.not(difference?.status, usual, 'it does differ')
      if (refusal.status > 0 && refusal.status < 400) {
        const stored = [...new Set([...Object.keys(before), place])].sort()
        t.same(Object.keys(after), stored, 'only the signed key exists')
      } else t.same(after, before, 'nothing is stored or changed')
    })
  }
}

type Attacked = Target & { stored: Stored }
type Stored = Record<string, { ETag?: string; Size?: number }>

async function makeTarget(
  t: Test,
  { control, accepted }: Table,
  server: Parameters<typeof clientOf>[1]
): Promise<Attacked> {
  const client = clientOf(t, server)
  const bucket = `directo-attacks-${randomUUID()}`
  const directo = openBucket({
    ...{ bucket, region: server.region, pathStyle: true, deadlineMs: 5000 },
    endpoint: server.endpoint,
    publicEndpoint: server.endpoint,
    credentials: { ...server.credentials, sessionToken: undefined },
    store: storeOf('aws')!,
    method: 'PUT'
  })
  t.teardown(directo.close)
  const { endpoint } = server
  const target: Target = { client, endpoint, bucket, otherBucket: `${bucket}-2`, directo }
  for (const Bucket of [target.bucket, target.otherBucket]) {
    await client.send(new CreateBucketCommand({ Bucket }))
    for (const Key of [LIVE_KEY, NEIGHBOUR_KEY]) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: 'was here before' }))
    }
  }
  t.teardown(async () => {
    for (const Bucket of [target.bucket, target.otherBucket]) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
      for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }))
      await client.send(new DeleteBucketCommand({ Bucket }))
    }
  })
  const { status } = await control(target, stagingKey(newId()))
  t.equal(status, accepted, 'the grant works when nobody meddles with it')
  return { ...target, stored: await everything(target) }
}

async function carryOut(target: Attacked, { prepare, send }: Attack) {
  const key = stagingKey(newId())
  await prepare?.(target, key)
  const before = prepare ? await everything(target) : target.stored
  const refusal = await send(target, key)
  const after = await everything(target)
  target.stored = after
  return { place: `${target.bucket}/${key}`, refusal, before, after }
}

/** What is stored in both buckets, by place. */
async function everything({ client, bucket, otherBucket }: Target): Promise<Stored> {
  const lists = [bucket, otherBucket].map((Bucket) =>
    client.send(new ListObjectsV2Command({ Bucket }))
  )
  const found = (await Promise.all(lists)).flatMap(({ Name, Contents = [] }) =>
    Contents.map(({ Key, ETag, Size }) => [`${Name}/${Key}`, { ETag, Size }] as const)
  )
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}
