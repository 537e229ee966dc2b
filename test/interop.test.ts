// The whole of Directo over the S3 that the environment names: TEST_S3_ENDPOINT, TEST_S3_REGION,
// TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY, and in TEST_S3_STORE its name in src/stores.ts.

import { createHash, randomBytes } from 'node:crypto'

import postgres from 'postgres'
import t, { type Test } from 'tap'

import { startSandbox } from '../src/dev/sandbox/server.ts'
import { examine } from '../src/doctor/doctor.ts'
import { setUpBucket } from '../src/doctor/setup.ts'
import { reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { openClients } from '../src/s3/client.ts'
import { presets } from '../src/stores.ts'
import { startInstance, type Upload } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { type Finding, probeAll } from './support/interop/probes.ts'
import { removeBucket } from './support/interop/remove.ts'
import { given, MISSING } from './support/interop/store.ts'
import { padded, png } from './support/pictures.ts'
import { download, send } from './support/send.ts'

const picture = padded(png(64), 70_000)
const other = padded(png(64, { colour: 'red' }), 70_000)
const skip = given ? false : MISSING
const can = presets[given?.store ?? 'aws'] ?? []

// They answer 501, or store something else than was sent.
const REFUSING = { post: ['r2', 'b2', 'gcs', 'seaweedfs'], put: [] as string[] }

for (const method of ['post', 'put'] as const) {
  const impossible =
    REFUSING[method].includes(given?.store ?? '') && `${given?.store} refuses ${method}`
  t.test(
    `an avatar by ${method}, from its creation to its erasure`,
    {
      skip: skip || impossible
    },
    async (t) => {
      const { ada, admin, deps, sql } = await start(t, method)
      const stored = async (prefix: string) => (await deps.bucket.list(prefix, '')).objects.length

      const upload = await ada.createUpload(picture)
      t.match(upload.request, { method: method.toUpperCase() })
      t.ok((await ada.send(upload, picture)).ok)
      const { avatar } = await ada.confirm(upload)
      const reply = await fetch(avatar.url)
      t.equal(reply.headers.get('content-type'), 'image/png')
      t.ok(Buffer.from(await reply.arrayBuffer()).equals(picture), 'it is served byte for byte')

      await send(upload.request, other) // taken or refused, as the store can
      t.ok((await download(avatar.url)).equals(picture), 'what comes later changes nothing')
      t.same(await ada.confirm(upload), { upload: (await ada.read(upload)) as object, avatar })

      const second = await ada.upload(other)
      t.ok((await download(second.avatar.url)).equals(other), 'the new picture is served')
      t.ok((await download(avatar.url)).equals(picture), 'the old one until its last URL has died')
      t.same([await stored('staging/'), await stored('avatars/')], [2, 2])

      await sql`update uploads set purge_after = now()`
      await sql`update objects set purge_after = now() where discarded_at is not null`
      t.match(await sweep(deps), { purged: 3, failed: 0, errors: [] })
      t.same([await stored('staging/'), await stored('avatars/')], [0, 1])
      t.equal((await fetch(avatar.url)).status, 404)
      t.ok((await download(second.avatar.url)).equals(other))

      await admin.erase('ada')
      t.equal((await fetch(second.avatar.url)).status, 404)
      t.equal(await stored('avatars/'), 0)
      t.match(await reconcile(deps), { strays: 0, dangling: 0, complete: true })
    }
  )

  t.test(
    `what was not declared is refused by ${method}`,
    {
      skip: skip || impossible
    },
    async (t) => {
      const { ada, deps } = await start(t, method)
      const refused = async (
        upload: Upload,
        bytes: Buffer,
        change: Record<string, string> = {}
      ) => {
        const { request } = upload
        const part = request.method === 'PUT' ? 'headers' : 'fields'
        const { status } = await send(
          { ...request, [part]: { ...request[part], ...change } },
          bytes
        )
        t.ok(status >= 400, `${status}`)
        await t.rejects(ada.confirm(upload), { code: 'OBJECT_MISSING' })
      }
      await refused(await ada.createUpload(picture), Buffer.concat([picture, picture]))
      await refused(await ada.createUpload(picture), picture.subarray(1))
      const name = method === 'put' ? 'content-type' : 'Content-Type'
      await refused(await ada.createUpload(picture), picture, { [name]: 'text/html' })

      const sha256 = createHash('sha256').update(picture).digest('hex')
      const upload = await ada.createUpload(picture, { sha256 })
      const { ok } = await ada.send(upload, other)
      t.equal(ok, !can.includes('sha256'), 'a store that compares it refuses other bytes')
      await t.rejects(ada.confirm(upload), { code: ok ? 'OBJECT_REJECTED' : 'OBJECT_MISSING' })
      const right = await ada.createUpload(picture, { sha256 })
      t.ok((await ada.send(right, picture)).ok)
      t.match(await ada.confirm(right), { upload: { state: 'confirmed' } })
      t.equal((await deps.bucket.list('avatars/', '')).objects.length, ok ? 2 : 1)
    }
  )
}

t.test('the store can what its preset says, and no more', { skip }, async (t) => {
  for (const { probe, finding } of await probeAll(given!)) {
    if (probe.ability) t.equal(can.includes(probe.ability), finding === 'works', probe.name)
  }
})

t.test('the doctor finds the same', { skip }, async (t) => {
  const { deps } = await start(t, 'post')
  const { store, checks } = await examine(deps.config)
  const found = store === null ? [] : store.split('+')
  t.same(found.toSorted(), [...can].toSorted())
  t.match(
    checks.find(({ name }) => name === 'clean-up'),
    { outcome: 'pass' }
  )
})

t.test('the probes see what a store ignores or refuses', async (t) => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const findings = async () => {
    const all = (await probeAll(sandbox)).map(({ probe, finding }) => [probe.name, finding])
    return Object.fromEntries(all) as Record<string, Finding>
  }
  const honest = await findings()
  const { versioning, ...rest } = honest
  t.equal(versioning, 'refused')
  for (const [name, finding] of Object.entries(rest)) t.equal(finding, 'works', name)

  sandbox.misbehave.lie('policy-length', 'put-content-type', 'put-if-none-match', 'checksum')
  sandbox.misbehave.lie('copy-conditions', 'response-overrides', 'unsigned-headers')
  sandbox.misbehave.fail('PutBucketCors', { status: 501, code: 'NotImplemented' })
  sandbox.misbehave.fail('PutBucketEncryption', { status: 405, code: 'MethodNotAllowed' })
  t.same(await findings(), {
    ...honest,
    'POST policy enforced': 'ignored',
    'PUT length and type enforced': 'ignored',
    'PUT unsigned headers refused': 'ignored',
    'PUT If-None-Match': 'ignored',
    'COPY if-match': 'ignored',
    'SHA-256 compared': 'ignored',
    'CORS API': 'refused',
    'default encryption API': 'refused',
    'response overrides': 'ignored'
  })
})

async function start(t: Test, method: 'post' | 'put') {
  const databaseUrl = await cloneDatabase(t)
  const instance = await startInstance(t, given!, {
    DATABASE_URL: databaseUrl,
    S3_BUCKET: `directo-interop-${randomBytes(6).toString('hex')}`,
    // Also by a method that is not safe there: the rest of the store is seen all the same.
    STORE: can.includes(method) ? given!.store : [...can, method].join('+'),
    UPLOAD_METHOD: method,
    CORS_ORIGINS: 'https://app.example'
  })
  const { config } = instance.deps
  const { sender, close } = openClients(config.s3)
  t.teardown(() => removeBucket(sender, config.s3.bucket).finally(close))
  const lines: string[] = []
  t.ok(await setUpBucket(config, (line) => lines.push(line), { create: true }), lines.join('\n'))
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  t.teardown(() => sql.end())
  return { ...instance, sql }
}
