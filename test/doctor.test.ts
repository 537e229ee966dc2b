// The doctor: nothing to say of a healthy bucket, and of every single thing that is wrong, just that.

import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import postgres from 'postgres'
import t, { type Test } from 'tap'

import { readConfig } from '../src/config.ts'
import { environmentOf } from '../src/dev/environment.ts'
import { type Lie, lies } from '../src/dev/sandbox/lies.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/dev/sandbox/server.ts'
import type { Check } from '../src/doctor/check.ts'
import { checksOf, type Diagnosis, examine } from '../src/doctor/doctor.ts'
import { report } from '../src/doctor/report.ts'
import { setUpBucket } from '../src/doctor/setup.ts'
import { openClients } from '../src/s3/client.ts'
import { BUCKET, SECRET } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { AUDIENCE, ISSUER, keyPair, serveKeys } from './support/provider.ts'
import { startRedis } from './support/redis.ts'
import { isThorough } from './support/thorough.ts'

const ORIGIN = 'https://app.example'
const EVERYTHING = 'post+put+signed-headers+if-none-match+copy-if-match+sha256+cors'

/** A bucket that is set up, a database that is migrated, and an account that may do no more than it needs. */
async function start(t: Test, options: SandboxOptions = {}) {
  const sandbox = await startSandbox({ buckets: [BUCKET], ...options })
  t.teardown(sandbox.close)
  const env: Record<string, string> = {
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t),
    JWT_SECRET: SECRET,
    CORS_ORIGINS: ORIGIN
  }
  await setUpBucket(readConfig(env), () => {})
  const look = (more: Record<string, string> = {}, names?: string[]) => {
    const config = readConfig({ ...env, ...more })
    return examine(config, { wanted: names && only(checksOf(config), names) })
  }
  return { sandbox: leastPrivilege(sandbox), env, look }
}

// An examination is a hundred requests. Where many things are wrong one after the other, only .ci/run
// makes all checks each time, and sees that nothing else is named.
function only(checks: Check[], names: string[]) {
  if (isThorough) return
  const wanted = new Set(names)
  for (const { name, needs = [] } of checks.toReversed()) {
    if (wanted.has(name)) for (const need of needs) wanted.add(need)
  }
  return ({ name }: Check) => wanted.has(name)
}

function leastPrivilege(sandbox: Sandbox) {
  sandbox.misbehave.fail('ListBuckets', { code: 'AccessDenied' })
  return sandbox
}

const named = ({ checks }: Diagnosis, outcome: string) =>
  checks.filter((check) => check.outcome === outcome).map(({ name }) => name)

const of = ({ checks }: Diagnosis, wanted: string) => checks.find(({ name }) => name === wanted)!

t.test('a healthy bucket has everything, and keeps nothing of the doctor', async (t) => {
  const { sandbox, look } = await start(t)
  await sandbox.door.put(BUCKET, 'avatars/live', 'a picture')
  const found = await look()
  t.strictSame(new Set(found.checks.map(({ outcome }) => outcome)), new Set(['pass']))
  t.match(found, { ok: true, store: EVERYTHING })
  t.same(sandbox.door.list(BUCKET), ['avatars/live'])
  t.ok(sandbox.requests.some(({ verb, key }) => verb === 'CopyObject' && /^avatars\//.test(key)))
  const written = sandbox.requests.filter(({ verb }) => /^(Put|Post|Copy|Delete)/.test(verb))
  const strange = written.filter(({ key }) => key && !/^(staging|avatars)\/[0-9a-f]{32}$/.test(key))
  t.same(
    strange.map(({ verb }) => verb),
    [],
    'it writes to no key but its own, and changes no setting'
  )
})

// Without signatures nothing holds that rests on them alone: what a URL names, its age, and privacy.
const signature = [
  'POST a changed policy',
  'POST a wrong signature',
  'POST no signature',
  'PUT a byte too many',
  'PUT a byte too few',
  'PUT another type',
  'PUT another key',
  'PUT an expired URL',
  'PUT a wrong signature',
  'PUT no signature',
  'PUT a copy of another object',
  'PUT a header that is not signed',
  'GET an expired URL',
  'GET a wrong signature',
  'GET no signature',
  'LIST no signature'
]
const told: Record<Lie, string[]> = {
  signature,
  'url-expiry': ['PUT an expired URL', 'GET an expired URL'],
  'unsigned-headers': ['PUT a copy of another object', 'PUT a header that is not signed'],
  'put-content-type': ['PUT another type'],
  'put-content-length': ['PUT a byte too many', 'PUT a byte too few'],
  'put-if-none-match': ['PUT over If-None-Match'],
  'policy-signature': ['POST a changed policy', 'POST a wrong signature'],
  'policy-expiry': ['POST an expired policy'],
  'policy-key': ['POST another key'],
  'policy-content-type': ['POST another type'],
  'policy-length': ['POST a byte too many', 'POST a byte too few'],
  'policy-other': ['POST another value of a field'],
  'policy-coverage': ['POST a field too many'],
  checksum: ['POST other bytes than its SHA-256', 'PUT other bytes than its SHA-256'],
  'copy-conditions': ['copy of a stale ETag'],
  'copy-metadata': ['copy with other metadata'],
  'get-conditions': ['GET of a stale ETag'],
  range: ['GET a range'],
  'response-overrides': ['GET with other headers']
}

t.test('of a store that lies in one way the doctor names just that', async (t) => {
  const { sandbox, look } = await start(t)
  for (const lie of lies) {
    const undo = sandbox.misbehave.lie(lie)
    const found = await look({}, told[lie])
    t.strictSame(named(found, 'fail'), told[lie], lie)
    t.notOk(found.ok)
    for (const name of told[lie]) t.ok(of(found, name).advice, `${name}: what to do`)
    if (isThorough && /^policy-/.test(lie)) t.equal(found.store, EVERYTHING.replace('post+', ''))
    undo()
  }
  t.ok((await look()).ok)
})

t.test('of a store that lies in every way it names every one', async (t) => {
  const { sandbox, look } = await start(t)
  sandbox.misbehave.lieAboutEverything()
  const found = await look()
  t.strictSame(new Set(named(found, 'fail')), new Set(Object.values(told).flat()))
  t.match(found, { ok: false, store: null })
  t.match(of(found, 'POST another key').advice, /^no STORE makes uploads safe/)
  t.same(sandbox.door.list(BUCKET), [], 'what was let in is deleted as well')
})

t.test('what STORE does not claim is a fact, what it claims in vain has a remedy', async (t) => {
  const { sandbox, look } = await start(t)
  sandbox.misbehave.fail('PostObject', { status: 501, code: 'NotImplemented' })
  const store = EVERYTHING.replace('post+', '')
  const aws = await look({ STORE: 'aws' })
  t.strictSame(named(aws, 'fail'), ['POST'])
  t.match(of(aws, 'POST'), {
    detail: 'refused (501 NotImplemented)',
    advice: `STORE=${store} (directo doctor --keep)`
  })
  for (const STORE of ['r2', store]) {
    const found = await look({ STORE })
    t.match(found, { ok: true, store })
    t.match(of(found, 'POST'), { outcome: 'note', detail: 'refused (501 NotImplemented)' })
    t.match(of(found, 'POST a byte too many'), { outcome: 'note', because: 'POST' })
  }
})

t.test('what a store refuses even when it is right, it does not have', async (t) => {
  const { sandbox, look } = await start(t)
  const unknown = /^(if-none-match|x-amz-checksum-sha256|x-amz-copy-source-if-match)$/
  sandbox.misbehave.add('*', {
    rewrite: (answer, { headers }) => {
      const isKnown = !Object.keys(headers).some((name) => unknown.test(name))
      return isKnown ? answer : { status: 501, body: '<Error><Code>NotImplemented</Code></Error>' }
    }
  })
  const found = await look({ STORE: 'post+put+cors' })
  t.match(found, { ok: true, store: 'post+put+signed-headers+cors' })
  t.match(of(found, 'PUT over If-None-Match').detail, /^the first one is refused \(501/)
  t.match(of(found, 'PUT other bytes than its SHA-256').detail, /^the right one is refused/)
  t.match(of(found, 'copy of a stale ETag').detail, /^refuses the right one too/)
})

const broken: Record<string, [(sandbox: Sandbox) => void, string[], RegExp]> = {
  'missing objects are forbidden': [
    ({ misbehave }) => misbehave.forbidMissing(),
    ['what is missing'],
    /allow s3:ListBucket/
  ],
  'putting is forbidden': [
    ({ misbehave }) => misbehave.fail({ verb: 'PutObject', key: /^avatars/ }, denied),
    ['put avatars/'],
    /403 AccessDenied → allow s3:PutObject on arn:aws:s3:::avatars-of-a-test\/avatars\/\*/
  ],
  'an uploader can publish': [
    ({ misbehave }) => {
      const published = new Set<string>()
      misbehave.before('PutObject', ({ key, headers }) => {
        if (headers['x-amz-acl'] === 'public-read') published.add(key)
        delete headers['x-amz-acl']
      })
      misbehave.add('GetObject', {
        rewrite: (answer, { key, query }) =>
          published.has(key) && !query['X-Amz-Signature'] ? { status: 200, body: 'x' } : answer
      })
    },
    ['PUT with a public ACL'],
    /✘ PUT with a public ACL: accepted \(200\) → directo bucket setup/
  ],
  'listing is forbidden': [
    ({ misbehave }) => misbehave.fail('ListObjectsV2', denied),
    ['list'],
    /✘ list: 403 AccessDenied → allow s3:ListBucket/
  ],
  'nothing can be deleted': [
    ({ misbehave }) => misbehave.refuseDeleting(/./, 'AccessDenied'),
    ['delete staging/', 'delete avatars/', 'clean-up'],
    /✘ clean-up: \d+ objects may be left AccessDenied/
  ],
  'what is deleted stays': [
    ({ misbehave }) =>
      misbehave.add('DeleteObjects', {
        instead: () => ({ status: 200, body: '<DeleteResult></DeleteResult>' })
      }),
    ['delete staging/', 'delete avatars/', 'clean-up'],
    /✘ delete staging\/: it is not confirmed/
  ],
  'copies come without an ETag': [
    ({ misbehave }) => misbehave.withoutEtag('CopyObject'),
    ['copy'],
    /✘ copy: its answer has no ETag/
  ],
  'copies are refused': [
    ({ misbehave }) => misbehave.fail('CopyObject', denied),
    ['copy'],
    /✘ copy: 403 AccessDenied/
  ],
  'something is everywhere': [
    ({ misbehave }) => misbehave.add('HeadObject', { instead: () => ({ status: 200 }) }),
    ['what is missing', 'copy with other metadata'],
    /an object where none is/
  ],
  'a store in trouble refuses everything': [
    ({ misbehave }) => misbehave.fail({ verb: 'PostObject' }, { code: 'SlowDown' }),
    ['POST'],
    /✘ POST: answered 503 SlowDown, which says nothing → nothing is known/
  ],
  'a form is stored as what its own header says': [
    ({ door, misbehave }) =>
      misbehave.after('PostObject', async ({ key }) => {
        await door.put(BUCKET, key, 'a form', { contentType: 'multipart/form-data' })
      }),
    ['POST'],
    /✘ POST: accepted \(204\), and stored as 6 bytes of multipart\/form-data → STORE=put/
  ],
  'what a PUT left cannot be read back': [
    ({ misbehave }) => {
      const copies = new Set<string>()
      misbehave.add('CopyObject', {
        before: ({ key }) => void (key.startsWith('staging/') && copies.add(key)),
        rewrite: (answer, { key }) => (copies.has(key) ? { status: 200 } : answer)
      })
      misbehave.add('PutObject', {
        before: ({ key, headers }) => void (headers['x-amz-copy-source'] && copies.add(key))
      })
      misbehave.lie('unsigned-headers')
      misbehave.add('GetObject', {
        rewrite: (answer, { key }) => (copies.has(key) ? { status: 503 } : answer)
      })
    },
    ['PUT a copy of another object', 'PUT a header that is not signed'],
    /✘ PUT a copy of another object: cannot be read back \(503\)/
  ],
  'a store that sends us elsewhere': [
    ({ misbehave }) =>
      misbehave.add(
        { verb: 'ListObjectsV2' },
        {
          rewrite: (answer, { query }) =>
            query['X-Amz-Signature'] || query['encoding-type']
              ? answer
              : { status: 307, headers: { location: 'http://127.0.0.1:1/' } }
        }
      ),
    ['list', 'LIST no signature'],
    /✘ LIST no signature: answered 307, which says nothing/
  ],
  'an answer without end': [
    ({ misbehave }) =>
      misbehave.add('GetObject', {
        rewrite: (answer, { query }) =>
          query['X-Amz-Signature'] && query['response-content-type']
            ? { status: 200, body: 'x'.repeat(2_000_000) }
            : answer
      }),
    ['GET with other headers', 'GET an expired URL', 'GET a wrong signature'],
    /✘ GET with other headers: an answer without end/
  ],
  'codes that are no words, but would draw over other lines': [
    ({ misbehave }) => misbehave.fail('CopyObject', { status: 403, code: 'A\n\u001b[1A✔ copy' }),
    ['copy'],
    /✘ copy: 403 →/
  ],
  'CORS rules cannot be read for a while': [
    ({ misbehave }) => misbehave.fail('GetBucketCors', { status: 400, code: 'InvalidRequest' }),
    ['CORS rules'],
    /✘ CORS rules: 400 InvalidRequest → STORE=/
  ],
  'the bucket is in trouble': [
    ({ misbehave }) => misbehave.fail('HeadBucket', { code: 'InternalError' }),
    ['bucket'],
    /✘ bucket: avatars-of-a-test: the store says 500 → try again/
  ],
  'the bucket is somewhere else': [
    ({ misbehave }) =>
      misbehave.add('HeadBucket', {
        instead: () => ({ status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } })
      }),
    ['bucket'],
    /✘ bucket: avatars-of-a-test is in eu-west-1 → set AWS_REGION=eu-west-1/
  ],
  'copying takes for ever': [
    ({ misbehave }) => misbehave.hang({ verb: 'CopyObject', key: /^avatars/ }),
    ['copy'],
    /✘ copy: no answer in time/
  ]
}
const denied = { code: 'AccessDenied' }

t.test('what is broken is named, with what to do, and the rest is looked at', async (t) => {
  const { sandbox, look } = await start(t)
  for (const [name, [breakIt, fails, line]] of Object.entries(broken)) {
    leastPrivilege(sandbox)
    breakIt(sandbox)
    const isOfAll = line.source.includes('STORE=') // what the bucket can do rests on every check
    const names = isOfAll ? undefined : [...fails, 'migrations']
    const found = await look({ S3_DEADLINE_MS: '2000' }, names)
    t.strictSame(named(found, 'fail'), fails, name)
    t.match(report(found), line)
    t.match(of(found, 'migrations').outcome, 'pass')
    sandbox.misbehave.clear()
  }
})

t.test('clocks that differ', async (t) => {
  const { look } = await start(t, { now: () => new Date(Date.now() - 60_000) })
  const clocks = ['clock', 'clock of the database']
  const found = await look({}, clocks)
  t.strictSame(named(found, 'fail'), ['clock'])
  t.match(of(found, 'clock').detail, /^6\d s from that of the store$/)
  const { env } = await start(t)
  const now = () => new Date(Date.now() + 60_000)
  const late = await examine(readConfig(env), { now })
  t.strictSame(named(late, 'fail'), ['clock', 'clock of the database'])
  const { sandbox, look: again } = await start(t)
  sandbox.misbehave.add('HeadBucket', {
    instead: () => ({ status: 200, headers: { date: 'never' } })
  })
  t.strictSame(named(await again({}, clocks), 'warn'), ['clock'])
})

t.test('T72, F30: the settings of the bucket', async (t) => {
  const { sandbox, env, look } = await start(t)
  const { sender, close } = openClients(readConfig(env).s3)
  t.teardown(close)
  const setRules = (...Rules: object[]) =>
    sender.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: BUCKET,
        LifecycleConfiguration: { Rules: Rules as [] }
      })
    )
  const rule = (Filter: object, more: object = { Expiration: { Days: 1 } }) => ({
    ...{ ID: 'a rule', Status: 'Enabled', Filter },
    ...more
  })
  const ours = rule({ Prefix: 'staging/' })
  const tagged = { Tag: { Key: 'a', Value: 'b' } }
  const large = { And: { Prefix: 'staging/', ObjectSizeGreaterThan: 1e9 } }
  const archive = { Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }

  const ofLifecycle = ['lifecycle of staging/', 'lifecycle of avatars/']
  const cases: [string, object[], string[]][] = [
    ['ours alone', [ours], []],
    ['none for staging/', [rule({ Prefix: 'logs/' })], ['lifecycle of staging/']],
    ['one that is off', [{ ...ours, Status: 'Disabled' }], ['lifecycle of staging/']],
    ['one for a part of it', [rule({ Prefix: 'staging/a' })], ['lifecycle of staging/']],
    ['one that waits', [{ ...ours, Expiration: { Days: 30 } }], ['lifecycle of staging/']],
    ['one for what is large', [rule(large)], ['lifecycle of staging/']],
    ['one for everything', [rule({ Prefix: '' })], ['lifecycle of avatars/']],
    ['one for avatars/', [ours, rule({ Prefix: 'avatars/0' })], ['lifecycle of avatars/']],
    ['an archive', [ours, rule({ Prefix: 'a' }, archive)], ['lifecycle of avatars/']],
    ['one for what is tagged', [ours, rule(tagged)], []],
    ['another of them', [ours, rule({ And: { Prefix: '', Tags: [tagged.Tag] } })], []]
  ]
  for (const [name, rules, fails] of cases) {
    await setRules(...rules)
    t.strictSame(named(await look({}, ofLifecycle), 'fail'), fails, name)
  }

  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  sandbox.misbehave.add('GetBucketVersioning', { instead: () => ({ status: 200, body: enabled }) })
  await setRules(ours)
  const versioned = await look()
  t.match(versioned, { ok: true, store: `${EVERYTHING}+versions` })
  t.match(of(versioned, 'versions'), { outcome: 'warn', advice: /"NoncurrentDays": 1/ })
  const noncurrent = { NoncurrentVersionExpiration: { NoncurrentDays: 1 } }
  await setRules(ours, rule({ Prefix: '' }, noncurrent))
  const expiring = await look()
  t.match(expiring, { ok: true, store: `${EVERYTHING}+versions` })
  t.strictSame(named(expiring, 'warn'), [])
})

t.test('a bucket that was never set up', async (t) => {
  const { look, sandbox } = await start(t)
  sandbox.door.createBucket('another')
  const found = await look({ S3_BUCKET: 'another' })
  t.strictSame(named(found, 'fail'), [`CORS for ${ORIGIN}`, 'lifecycle of staging/'])
  t.match(of(found, `CORS for ${ORIGIN}`).advice, /^directo bucket setup/)
  t.match(of(found, 'lifecycle of staging/').advice, /"Prefix": "staging\/"/)
  t.match(of(found, 'public access block'), { outcome: 'warn', advice: /^directo bucket setup/ })
  const unheard = await look({ CORS_ORIGINS: '' })
  t.match(of(unheard, 'CORS'), { outcome: 'note', detail: /^CORS_ORIGINS is empty/ })
  const missing = await look({ S3_BUCKET: 'a-third' })
  t.strictSame(named(missing, 'fail'), ['bucket'])
  t.match(of(missing, 'bucket').advice, 'directo bucket setup')
})

t.test('settings that the store has no call for, or that we may not read', async (t) => {
  const { sandbox, look } = await start(t)
  const verbs = ['GetBucketCors', 'GetBucketLifecycle', 'GetPublicAccessBlock'] as const
  const answers = (status: number, code: string) => {
    sandbox.misbehave.clear()
    for (const verb of [...verbs, 'GetBucketVersioning' as const]) {
      sandbox.misbehave.fail(verb, { status, code })
    }
    return leastPrivilege(sandbox)
  }
  const facts = [
    'public access block',
    'versions',
    'lifecycle of staging/',
    'lifecycle of avatars/'
  ]
  answers(501, 'NotImplemented')
  const unknown = await look({ STORE: EVERYTHING.replace('+cors', '') })
  t.match(unknown, { ok: true, store: EVERYTHING.replace('+cors', '') })
  t.strictSame(named(unknown, 'note'), ['CORS rules', ...facts])
  answers(403, 'AccessDenied')
  const forbidden = await look()
  t.match(forbidden, { ok: true, store: EVERYTHING })
  t.strictSame(named(forbidden, 'note'), facts)
  answers(400, 'InvalidRequest')
  t.match(of(await look({}, facts), 'public access block'), {
    outcome: 'note',
    detail: '400 InvalidRequest'
  })
})

t.test('a database that is not migrated, is another one, or is away', async (t) => {
  const { sandbox, env, look } = await start(t)
  await sandbox.door.put(BUCKET, 'directo-label', 'another database')
  const ofRows = ['label', 'migrations']
  const foreign = await look({}, ofRows)
  t.strictSame(named(foreign, 'fail'), ['label'])
  t.match(of(foreign, 'label'), { detail: /another database/, advice: /directo bucket adopt$/ })

  const sql = postgres(env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  t.teardown(() => sql.end())
  const [ours] = await sql`select id from installation`
  await sandbox.door.put(BUCKET, 'directo-label', ours!.id)
  t.match(of(await look({}, ofRows), 'label').detail, 'the bucket belongs to this database')

  await sql`delete from drizzle.__drizzle_migrations where created_at =
    (select max(created_at) from drizzle.__drizzle_migrations)`
  const behind = await look({}, ofRows)
  t.strictSame(named(behind, 'fail'), ['migrations'])
  t.match(of(behind, 'migrations'), { detail: /^1 of \d+ are not/, advice: 'directo migrate' })
  await sql`drop schema drizzle cascade`
  t.match(of(await look({}, ofRows), 'migrations').detail, /^(\d+) of \1 are not applied/)

  const away = await look({ DATABASE_URL: 'postgres://127.0.0.1:1/x' })
  t.strictSame(named(away, 'fail'), ['database'])
  t.equal(away.store, EVERYTHING, 'the bucket is looked at all the same')
  t.match(report(away), /✘ database: .*ECONNREFUSED.*\n/)
  t.match(report(away), /– 3 more not looked at, because of "database"/)
})

t.test('the keys of tokens: there, of no use, or away', async (t) => {
  const { look } = await start(t)
  const { jwk } = await keyPair('ES256', 'a')
  const provider = await serveKeys(t, [jwk])
  const env = {
    JWT_SECRET: '',
    JWKS_URL: provider.url,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE
  }
  const name = 'keys of tokens'
  const keys = async () => of(await look(env, [name]), name)
  t.match(await keys(), { outcome: 'pass', detail: /^1 at http.*, for ES256$/ })
  provider.keys = []
  t.match(await keys(), { outcome: 'fail', detail: /has no key/, advice: /JWKS_URL/ })
  await provider.close()
  t.match(await keys(), { outcome: 'fail', detail: /closed|ECONNREFUSED/ })
  t.notOk(
    (await look({}, [])).checks.some((check) => check.name === name),
    'a secret needs none'
  )
})

t.test('Redis: there, not for us, or away', async (t) => {
  const { look } = await start(t)
  const server = await startRedis(t, { password: 'right' })
  const redis = async (url: string) => of(await look({ REDIS_URL: url }, ['Redis']), 'Redis')
  t.match(await redis(server.url), { outcome: 'pass', detail: new URL(server.url).host })
  t.match(server.asked, [/^directo:doctor:[0-9a-f]{32}$/])
  const wrong = await redis(server.url.replace('right', 'guess'))
  t.match(wrong, { outcome: 'warn', detail: /NOAUTH/, advice: /REDIS_URL/ })
  t.notMatch(wrong.detail, /guess/)
  server.become('gone')
  t.match(await redis(server.url), { outcome: 'warn' })
})

t.test('a replica in the place of the database', async (t) => {
  const { env, look } = await start(t)
  const client = postgres(env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  t.teardown(() => client.end())
  const database = new URL(env.DATABASE_URL!).pathname.slice(1)
  await client.unsafe(`alter database ${database} set default_transaction_read_only = on`)
  const found = of(await look({}, ['database']), 'database')
  t.match(found, { outcome: 'fail', detail: 'takes no writes', advice: /the primary/ })
})

t.test('a store that is away, for us or for those who upload', async (t) => {
  const { sandbox, env, look } = await start(t)
  const unseen = await look({ S3_PUBLIC_ENDPOINT: 'http://127.0.0.1:1' })
  t.strictSame(named(unseen, 'fail'), ['public address'])
  t.match(unseen, { ok: false, store: null })
  t.match(of(unseen, 'POST'), { outcome: 'note', because: 'public address' })
  t.match(of(unseen, 'copy').outcome, 'pass')
  const other = await startSandbox()
  t.teardown(other.close)
  const wrong = await look({ S3_PUBLIC_ENDPOINT: other.endpoint })
  t.match(of(wrong, 'public address'), { outcome: 'fail', detail: /the store says 404$/ })

  sandbox.misbehave.hang('*')
  const silent = await look({ S3_DEADLINE_MS: '300' })
  t.strictSame(named(silent, 'fail'), ['store'])
  t.match(of(silent, 'store').detail, /: no answer in time$/)
  await sandbox.close()
  const gone = await look()
  t.strictSame(named(gone, 'fail'), ['store'])
  t.match(of(gone, 'store').detail, new RegExp(`^${env.S3_ENDPOINT}: .*ECONNREFUSED`))
  t.match(of(gone, 'migrations').outcome, 'pass')
  t.match(
    report(gone),
    /^✔ credentials.*\n✘ store.*\n✔ database/,
    'and no line for each that follows'
  )
})

t.test('an account that may do more than it needs', async (t) => {
  const { sandbox, look } = await start(t)
  sandbox.misbehave.clear()
  const found = await look()
  t.ok(found.ok, 'deserves a look, no more')
  t.match(of(found, 'more than it needs'), { outcome: 'warn', detail: /s3:ListAllMyBuckets$/ })
})

t.test('stopped half-way, it still deletes and has nothing to keep', async (t) => {
  const { sandbox, env } = await start(t)
  const stopping = new AbortController()
  sandbox.misbehave.before('CopyObject', () => stopping.abort())
  const found = await examine(readConfig(env), { signal: stopping.signal })
  t.match(found, { ok: false, store: null })
  t.match(of(found, 'examination').detail, 'stopped before its end')
  t.match(of(found, 'clean-up').outcome, 'pass')
})

t.test('temporary credentials deserve a look, and everything is looked at', async (t) => {
  const { sandbox, env } = await start(t)
  const { AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ACCESS_KEY_ID: accessKeyId } = env
  t.ok(secretAccessKey && accessKeyId)
  sandbox.misbehave.lie('signature') // it knows no session tokens
  const found = await examine(readConfig({ ...env, AWS_SESSION_TOKEN: 'a token' }))
  t.match(of(found, 'credentials'), { outcome: 'warn' })
  t.notOk(found.ok)
  t.match(of(found, 'GET no signature'), { outcome: 'fail' })
})

t.test('while anything of an ability is unknown, there is nothing to keep', async (t) => {
  const { sandbox, look } = await start(t)
  sandbox.misbehave.fail({ verb: 'PutObject', key: /^staging/, times: 30 }, { code: 'SlowDown' })
  t.match(await look(), { ok: false, store: null })
})
