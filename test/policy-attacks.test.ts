// Every attack on a grant is refused and stores nothing: by the sandbox, and by a real store if given.
//
// TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY and TEST_S3_REGION name the
// real store; buckets are made there and removed again.

import { randomUUID } from 'node:crypto'

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand
} from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import { attacks, LIVE_KEY, NEIGHBOUR_KEY, type Target } from './support/attacks.ts'
import { FILE, signGrant } from './support/attacks-blocks.ts'
import { acceptances, refusals } from './support/attacks-differences.ts'
import { formOf, sendForm } from './support/attacks-form.ts'
import { clientOf } from './support/sandbox.ts'

const { TEST_S3_ENDPOINT: endpoint, TEST_S3_REGION: region = 'us-east-1' } = process.env
const credentials = {
  accessKeyId: process.env.TEST_S3_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.TEST_S3_SECRET_ACCESS_KEY ?? ''
}

t.test('there are at least sixty attacks, each with a name of its own', async (t) => {
  t.ok(attacks.length >= 60, `${attacks.length} attacks`)
  t.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length)
})

t.test('the sandbox', async (t) => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const target = await makeTarget(t, sandbox)
  for (const { threat, name, expect, send } of attacks) {
    t.test(`${threat} ${name}`, async (t) => {
      const { key, refusal, before, after } = await carryOut(target, send)
      if (expect === 'harmless') {
        t.match(refusal, { status: 204 })
        t.same(Object.keys(after), [...Object.keys(before), entry(target, key)].sort())
        t.equal(after[entry(target, key)], FILE.length, 'the first file, whole')
      } else {
        t.same(refusal, expect)
        t.same(after, before, 'nothing is stored or changed')
      }
    })
  }
})

t.test('the lying store', async (t) => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const target = await makeTarget(t, sandbox)
  sandbox.misbehave.lieAboutEverything()
  for (const { threat, name, send } of attacks.filter(({ storable }) => storable)) {
    t.test(`${threat} ${name} succeeds, so the attack is a real one`, async (t) => {
      const { status, code } = await send(target, `staging/${randomUUID()}`)
      t.match(`${status}`, /^(20\d|303)$/, code)
    })
  }
})

t.test('the store given', { skip: endpoint ? false : 'TEST_S3_ENDPOINT is not set' }, async (t) => {
  const target = await makeTarget(t, { endpoint: endpoint!, region, credentials })
  for (const { threat, name, expect, send } of attacks) {
    t.test(`${threat} ${name}`, async (t) => {
      const { key, refusal, before, after } = await carryOut(target, send)
      const difference = [...refusals, ...acceptances].find(({ attack }) => attack === name)
      const accepts = difference ? acceptances.includes(difference) : expect === 'harmless'
      t.comment(`${refusal.status} ${refusal.code}`)
      if (accepts) {
        t.ok(refusal.status < 400, `accepted: ${difference?.because}`)
        const stored = [...Object.keys(before), entry(target, key)].sort()
        t.same(Object.keys(after), stored, 'only the signed key exists')
      } else {
        t.ok(refusal.status >= 400 || refusal.status === 0, `${refusal.status}`)
        t.same(after, before, 'nothing is stored or changed')
      }
      if (difference) {
        t.match(refusal, { status: difference.status, code: difference.code ?? '' })
        t.not(difference.status, expect === 'harmless' ? 204 : expect.status, 'it does differ')
      } else if (expect !== 'harmless') t.equal(refusal.status, expect.status)
    })
  }
})

async function makeTarget(t: Test, server: Parameters<typeof clientOf>[1]) {
  const client = clientOf(t, server)
  const name = `directo-attacks-${randomUUID()}`
  const target: Target = {
    client,
    endpoint: server.endpoint,
    bucket: name,
    otherBucket: `${name}-2`
  }
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
  const control = await signGrant(target, 'control')
  const { status } = await sendForm(formOf(control.url, control.fields, FILE))
  t.equal(status, 204, 'the grant works when nobody meddles with it')
  return { ...target, stored: await everything(target) }
}

async function carryOut(
  target: Target & { stored: Stored },
  send: (typeof attacks)[number]['send']
) {
  const key = `staging/${randomUUID()}`
  const before = target.stored
  const refusal = await send(target, key)
  const after = await everything(target)
  target.stored = after
  return { key, refusal, before, after }
}

type Stored = Record<string, number | string>

/** What is stored in both buckets: ETags by place, sizes for what came from the grant. */
async function everything({ client, bucket, otherBucket }: Target): Promise<Stored> {
  const found: Stored = {}
  const buckets = [bucket, otherBucket]
  const lists = buckets.map((Bucket) => client.send(new ListObjectsV2Command({ Bucket })))
  for (const { Name: Bucket, Contents = [] } of await Promise.all(lists)) {
    for (const { Key, ETag, Size } of Contents) {
      found[`${Bucket}/${Key}`] =
        Key!.startsWith('staging/') && Key !== NEIGHBOUR_KEY ? Size! : ETag!
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function entry({ bucket }: Target, key: string): string {
  return `${bucket}/${key}`
}
