// Setting up a bucket: what is sent, what stays, and what is said where a store has no call for it.

import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand
} from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'

import { readConfig } from '../src/config.ts'
import { environmentOf } from '../src/dev/environment.ts'
import { type SetUpOptions, setUpBucket } from '../src/doctor/setup.ts'
import { SECRET } from './support/app.ts'
import { BUCKET, startTestSandbox } from './support/sandbox.ts'

const Bucket = BUCKET

async function start(t: Test, buckets = [BUCKET]) {
  const { sandbox, s3 } = await startTestSandbox(t, { buckets })
  const setUp = async (options?: SetUpOptions, more: Record<string, string> = {}) => {
    const config = readConfig({
      ...environmentOf(sandbox, BUCKET),
      DATABASE_URL: 'postgres://nobody@127.0.0.1/none',
      JWT_SECRET: SECRET,
      CORS_ORIGINS: 'https://app.example',
      ...more
    })
    const lines: string[] = []
    const isDone = await setUpBucket(config, (line) => lines.push(line), options)
    return { isDone, lines }
  }
  const read = async () => {
    const [cors, lifecycle, access, encryption] = await Promise.all([
      s3.send(new GetBucketCorsCommand({ Bucket })),
      s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
      s3.send(new GetPublicAccessBlockCommand({ Bucket })),
      s3.send(new GetBucketEncryptionCommand({ Bucket }))
    ])
    return {
      cors: cors.CORSRules,
      lifecycle: lifecycle.Rules,
      access: access.PublicAccessBlockConfiguration,
      encryption: encryption.ServerSideEncryptionConfiguration?.Rules
    }
  }
  const written = () => sandbox.requests.filter(({ verb }) => /^(Put|Create|Delete)/.test(verb))
  return { sandbox, s3, setUp, read, written }
}

t.test('everything is set, and doing it again changes nothing', async (t) => {
  const { setUp, read } = await start(t, [])
  const options = { create: true }
  t.same(await setUp(options), {
    isDone: true,
    lines: [
      `✔ bucket ${BUCKET}`,
      '✔ CORS for https://app.example',
      '✔ staging/ expires after a day',
      '✔ public access is blocked',
      '✔ objects are encrypted'
    ]
  })
  const first = await read()
  t.match(first, {
    cors: [
      { AllowedOrigins: ['https://app.example'], AllowedMethods: ['GET', 'HEAD', 'POST', 'PUT'] }
    ],
    lifecycle: [{ Filter: { Prefix: 'staging/' }, Expiration: { Days: 1 } }],
    access: {
      BlockPublicAcls: undefined, // Ceph 16 would take no PUT any more
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true
    },
    encryption: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }]
  })
  t.match(await setUp(options), { isDone: true })
  t.same(await read(), first)
})

t.test('rules of others stay, ours is replaced', async (t) => {
  const { s3, setUp, read } = await start(t)
  const theirs = {
    ...{ ID: 'theirs', Status: 'Enabled' as const, Filter: { Prefix: 'logs/' } },
    Expiration: { Days: 9 }
  }
  const LifecycleConfiguration = { Rules: [theirs] }
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
  const CORSRules = [
    { ID: 'theirs', AllowedOrigins: ['https://x.example'], AllowedMethods: ['GET'] }
  ]
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  const kms = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }
  const ServerSideEncryptionConfiguration = { Rules: [kms] }
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }))
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true, IgnorePublicAcls: false }
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))

  await setUp()
  await setUp({}, { CORS_ORIGINS: 'https://other.example' })

  const { cors, lifecycle, encryption, access } = await read()
  t.match(access, { BlockPublicAcls: true, IgnorePublicAcls: true })
  t.match(cors, [{ ID: 'theirs' }, { ID: 'directo', AllowedOrigins: ['https://other.example'] }])
  t.match(lifecycle, [theirs, { ID: 'directo' }])
  t.same([cors?.length, lifecycle?.length], [2, 2])
  t.match(encryption, [kms])
})

t.test(
  'a bucket that is not there is only made if asked, and then nothing else is tried',
  async (t) => {
    const { setUp, written } = await start(t, [])
    const { isDone, lines } = await setUp()
    t.equal(isDone, false)
    t.match(lines, [/^✘ bucket .*--create" makes it$/])
    t.equal(lines.length, 1)
    t.same(written(), [])
  }
)

t.test('a dry run shows what would be sent, and sends nothing', async (t) => {
  const { s3, setUp, written, read, sandbox } = await start(t, [])
  const { isDone, lines } = await setUp({ create: true, dryRun: true })
  t.equal(isDone, true)
  t.same(written(), [])
  const shown = lines.map((line) => {
    const [, verb, json] = /^would send (\w+) (.*)$/s.exec(line) ?? []
    return [verb, JSON.parse(`${json}`)]
  })

  await setUp({ create: true })

  t.same(
    shown.map(([verb]) => verb),
    written().map(({ verb }) => verb.replace(/Lifecycle$/, 'LifecycleConfiguration'))
  )
  const said = Object.fromEntries(shown)
  const { cors, lifecycle, access, encryption } = await read()
  t.same(said.CreateBucket, { Bucket })
  t.same(said.PutBucketCors.CORSConfiguration.CORSRules, cors)
  t.same(said.PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules, lifecycle)
  t.same(said.PutPublicAccessBlock.PublicAccessBlockConfiguration, access)
  t.same(said.PutBucketEncryption.ServerSideEncryptionConfiguration.Rules, encryption)

  sandbox.requests.length = 0
  const again = await setUp({ dryRun: true })
  t.same(written(), [])
  t.match(again.lines, [/^✔ bucket/, /^would/, /^would/, /^✔ public/, /^✔ objects/])
  await s3.send(new CreateBucketCommand({ Bucket: `${Bucket}-2` })) // what written() would have seen
  t.equal(written().length, 1)
})

t.test('what a store has no call for is said, and stops nothing', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.fail('PutBucketLifecycle', { status: 501, code: 'NotImplemented' })
  sandbox.misbehave.fail('PutPublicAccessBlock', { status: 405, code: 'MethodNotAllowed' })
  sandbox.misbehave.fail('GetBucketEncryption', { status: 501, code: 'XNotKnown' })
  const { isDone, lines } = await setUp({}, { CORS_ORIGINS: '' })
  t.equal(isDone, true)
  const none = /^– .*no call for it$/
  t.match(lines, [/^✔/, /^✔ CORS for no origin/, none, none, none])
})

t.test('a store that answers another question has no call for it', async (t) => {
  const { sandbox, setUp } = await start(t)
  const list = { status: 200, headers: {}, body: '<ListBucketResult></ListBucketResult>' }
  sandbox.misbehave.add('GetBucketEncryption', { instead: () => list })
  sandbox.misbehave.fail('PutPublicAccessBlock', { status: 409, code: 'BucketAlreadyExists' })
  const { isDone, lines } = await setUp()
  t.equal(isDone, true)
  t.match(lines.slice(3), [/^– public .*no call for it$/, /^– objects .*no call for it$/])
})

t.test('what a store takes and does not keep is said', async (t) => {
  const { sandbox, setUp } = await start(t)
  for (const verb of ['PutPublicAccessBlock', 'PutBucketEncryption'] as const) {
    sandbox.misbehave.fail(verb, { status: 200, code: 'Ignored' })
  }
  const { isDone, lines } = await setUp()
  t.equal(isDone, true)
  t.match(lines.slice(3), [/^– public .*ignores it$/, /^– objects .*ignores it$/])
})

t.test('what fails is said, and stops nothing but a bucket that cannot be reached', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.fail('PutBucketLifecycle', { status: 403, code: 'AccessDenied' })
  const { isDone, lines } = await setUp()
  t.equal(isDone, false)
  t.match(lines, [/^✔/, /^✔/, /^✘ staging/, /^✔/, /^✔/])
  sandbox.misbehave.fail('HeadBucket', { status: 403, code: 'AccessDenied' })
  t.match(await setUp(), { isDone: false, lines: [/^✘ bucket/] })
})

t.test('a store that is still starting is waited for, but not for ever', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.reset({ verb: '*', times: 4 })
  t.match(await setUp(), { isDone: true })
  await sandbox.close()
  t.match(await setUp({ waitMs: 0 }), { isDone: false, lines: [/^✘ bucket .*ECONNREFUSED/] })
})

t.test("a vendor's own form is printed where S3's call is not the one", async (t) => {
  const { setUp, written } = await start(t)
  const origins = 'https://app.example,https://www.example'
  const minio = await setUp({}, { STORE: 'minio', CORS_ORIGINS: origins })
  t.equal(minio.isDone, true)
  t.match(minio.lines[1], `mc admin config set ALIAS api cors_allow_origin=${origins}\n`)
  t.match(minio.lines[1], `MINIO_API_CORS_ALLOW_ORIGIN=${origins}`)
  t.match(minio.lines[2], /^✔ staging/, 'it has the call')
  t.notOk(written().some(({ verb }) => verb === 'PutBucketCors'))

  const { lines } = await setUp({}, { STORE: 'b2', CORS_ORIGINS: origins })
  const [, cors = ''] = /--cors-rules '(.+)' pictures\n/.exec(lines[1]!) ?? []
  t.match(JSON.parse(cors), [
    { allowedOrigins: origins.split(','), allowedOperations: ['s3_get', 's3_head', 's3_put'] }
  ])
  const rules = [...lines[2]!.matchAll(/--lifecycle-rule '(.+?)'/g)].map(([, rule]) =>
    JSON.parse(rule!)
  )
  t.same(rules, [
    { fileNamePrefix: 'staging/', daysFromUploadingToHiding: 1, daysFromHidingToDeleting: 1 },
    { fileNamePrefix: 'avatars/', daysFromUploadingToHiding: null, daysFromHidingToDeleting: 1 }
  ])
  const none = await setUp({}, { STORE: 'b2', CORS_ORIGINS: '' })
  t.match(none.lines[1], /^✔ CORS for no origin/)
})

t.test('a name that somebody else has is no bucket of ours', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.fail('HeadBucket', { status: 404, code: 'NotFound' })
  sandbox.misbehave.fail('CreateBucket', { status: 409, code: 'BucketAlreadyExists' })
  const { isDone, lines } = await setUp({ create: true })
  t.equal(isDone, false)
  t.match(lines, [/^✘ bucket .*409 BucketAlreadyExists$/])
})

t.test('rules that a store takes and forgets are not there', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.add('PutBucketCors', { instead: () => ({ status: 200 }) })
  sandbox.misbehave.add('PutBucketLifecycle', { instead: () => ({ status: 200 }) })
  const { lines } = await setUp()
  t.match(lines.slice(1, 3), [/^– CORS .*ignores it$/, /^– staging.*ignores it$/])
})

t.test('a store whose answer never ends is given up', async (t) => {
  const { sandbox, setUp } = await start(t)
  sandbox.misbehave.drip('GetBucketCors', 1, 200)
  const { isDone, lines } = await setUp({}, { S3_DEADLINE_MS: '500' })
  t.equal(isDone, false)
  t.match(lines[1], /^✘ CORS .*no answer in time$/)
})

t.test('without origins our rule goes, and those of others stay', async (t) => {
  const { s3, setUp } = await start(t)
  await setUp()
  const theirs = { ID: 'theirs', AllowedOrigins: ['https://b.example'], AllowedMethods: ['GET'] }
  const { CORSRules = [] } = await s3.send(new GetBucketCorsCommand({ Bucket }))
  const CORSConfiguration = { CORSRules: [theirs, ...CORSRules] }
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
  t.ok((await setUp({}, { CORS_ORIGINS: '' })).isDone)
  const left = await s3.send(new GetBucketCorsCommand({ Bucket }))
  t.match(left.CORSRules, [theirs])
  t.equal(left.CORSRules?.length, 1)

  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  t.match((await setUp({}, { CORS_ORIGINS: '' })).lines[1], /^✔ CORS for no origin/)
  await t.rejects(s3.send(new GetBucketCorsCommand({ Bucket })), {
    name: 'NoSuchCORSConfiguration'
  })
})
