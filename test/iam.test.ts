// The policies in deploy/iam/: what the code asks of S3 is allowed, and nothing else is.

import { globSync, readFileSync } from 'node:fs'

import t from 'tap'

import type { Sandbox } from '../src/dev/sandbox/server.ts'
import { reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { BUCKET, startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource?: string | string[]
  NotResource?: string
  Principal?: string
  Condition?: Record<string, Record<string, string | string[]>>
}

const ARN = 'arn:aws:s3:::BUCKET'
const listOf = (one: string | string[] = []) => [one].flat()

function read(name: string): Statement[] {
  const { Version, Statement } = JSON.parse(readFileSync(`deploy/iam/${name}.json`, 'utf8'))
  t.equal(Version, '2012-10-17')
  return Statement
}

/** Such as `s3:GetObject staging/*`; what concerns the bucket itself has no place. */
function allowedBy(name: string) {
  const all = read(name).flatMap(({ Effect, Action, Resource }) => {
    t.equal(Effect, 'Allow')
    const places = listOf(Resource).map((arn) => arn.replace(ARN, '').replace(/^\//, ''))
    return listOf(Action).flatMap((action) => places.map((place) => `${action} ${place}`.trim()))
  })
  t.equal(new Set(all).size, all.length, `${name} says nothing twice`)
  return all.sort()
}

// AWS, "Actions, resources, and condition keys for Amazon S3".
const actions: Record<string, string[]> = {
  HeadBucket: ['s3:ListBucket'],
  ListObjectsV2: ['s3:ListBucket'],
  HeadObject: ['s3:GetObject'],
  GetObject: ['s3:GetObject'],
  PutObject: ['s3:PutObject'],
  PostObject: ['s3:PutObject'],
  CopyObject: ['s3:GetObject', 's3:PutObject'],
  DeleteObject: ['s3:DeleteObject'],
  DeleteObjects: ['s3:DeleteObject']
}
// Only those that set a bucket up or look at it need these.
const administration: Record<string, string> = {
  CreateBucket: 's3:CreateBucket',
  ListBuckets: 's3:ListAllMyBuckets',
  GetBucketAcl: 's3:GetBucketAcl',
  GetBucketPolicy: 's3:GetBucketPolicy',
  GetBucketVersioning: 's3:GetBucketVersioning',
  GetBucketCors: 's3:GetBucketCORS',
  PutBucketCors: 's3:PutBucketCORS',
  DeleteBucketCors: 's3:PutBucketCORS',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 's3:PutLifecycleConfiguration',
  GetPublicAccessBlock: 's3:GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 's3:PutBucketPublicAccessBlock',
  GetBucketEncryption: 's3:GetEncryptionConfiguration',
  PutBucketEncryption: 's3:PutEncryptionConfiguration'
}

t.test('every command of the code is known here, and what serves uses no other', async (t) => {
  const used = (pattern: string) => {
    const texts = globSync(pattern).map((path) => readFileSync(path, 'utf8'))
    const names = texts.flatMap((text) => [...text.matchAll(/new (\w+)Command\(/g)])
    return new Set(names.map(([, name]) => `${name}`))
  }
  for (const name of used('src/s3/*.ts')) t.ok(actions[name], name)
  for (const name of used('src/doctor/*.ts')) t.ok(actions[name] ?? administration[name], name)
  const elsewhere = globSync('src/{routes,uploads,avatars,users,janitor}/*.ts')
  for (const path of elsewhere) t.notMatch(readFileSync(path, 'utf8'), /@aws-sdk/, path)
})

t.test('T70: the service may do what it does, and nothing else', async (t) => {
  for (const method of ['post', 'put']) {
    const { app, ada, admin, sandbox } = await startApp(t, { UPLOAD_METHOD: method })
    const done = watch(sandbox)
    t.equal((await app.inject('/health/ready')).statusCode, 200)
    const { avatar } = await ada.upload(padded(png(64), 200_000))
    t.equal((await fetch(avatar.url)).status, 200)
    await admin.erase('ada')
    t.same(done(), allowedBy('service'), method)
  }
})

t.test('the janitor may do what it does, and nothing else', async (t) => {
  const { ada, deps, sandbox, sql } = await startApp(t)
  const picture = padded(png(64), 400)
  await ada.upload(picture)
  await ada.upload(picture)
  const [lost = ''] = (await sql`select avatar_key as key from users`).map(({ key }) => key)
  sandbox.door.delete(BUCKET, lost) // somebody did
  await sql`update uploads set purge_after = now()`
  await sql`update objects set purge_after = now() where discarded_at is not null`
  const done = watch(sandbox)
  t.match(await sweep(deps), { purged: 3 })
  t.match(await reconcile(deps), { dangling: 1 })
  t.same(done(), allowedBy('janitor'))
})

t.test('T71: no grant reaches beyond staging/, and nothing goes in plain text', async (t) => {
  const policy = read('bucket-policy')
  const asked = { action: 's3:PutObject', key: 'avatars/x', authType: 'REST-HEADER', secure: true }
  const cases: [Partial<typeof asked>, boolean][] = [
    [{}, false],
    [{ authType: 'REST-QUERY-STRING' }, true],
    [{ authType: 'POST' }, true],
    [{ authType: 'POST', key: 'directo-label' }, true],
    [{ authType: 'POST', key: 'staging' }, true],
    [{ authType: 'REST-QUERY-STRING', key: 'staging/x' }, false],
    [{ authType: 'POST', key: 'staging/x' }, false],
    [{ authType: 'REST-QUERY-STRING', action: 's3:GetObject' }, false],
    [{ secure: false }, true],
    [{ secure: false, action: 's3:ListBucket', key: '' }, true]
  ]
  for (const [change, isDenied] of cases) {
    const request = { ...asked, ...change }
    const denying = policy.filter((statement) => denies(statement, request))
    t.equal(denying.length > 0, isDenied, JSON.stringify(request))
  }
  // What the small judge above does not look at.
  t.same(
    policy.map(({ Principal, Condition = {} }) => [Principal, Object.keys(Condition)]),
    [
      ['*', ['StringEquals']],
      ['*', ['Bool']]
    ]
  )
})

/** Notes what is asked of the sandbox; the answer is what that takes, as in `allowedBy`. */
function watch(sandbox: Sandbox) {
  sandbox.requests.length = 0
  const deleted = new Set<string>()
  const keys = () => new Set(sandbox.door.list(BUCKET, ''))
  let before = keys()
  sandbox.misbehave.before('DeleteObjects', () => {
    before = keys()
  })
  sandbox.misbehave.after('DeleteObjects', () => {
    const left = keys()
    for (const key of before) if (!left.has(key)) deleted.add(place(key))
  })
  return () => {
    const needed = new Set([...deleted].map((place) => `s3:DeleteObject ${place}`))
    for (const { verb, key } of sandbox.requests) {
      if (verb === 'DeleteObjects') continue
      const to = verb === 'PostObject' ? 'staging/*' : place(key)
      for (const action of actions[verb] ?? [`unknown ${verb}`]) {
        // A copy reads what was sent and writes what is served.
        const isSource = verb === 'CopyObject' && action === 's3:GetObject'
        needed.add(`${action} ${isSource ? 'staging/*' : to}`.trim())
      }
    }
    return [...needed].sort()
  }
}

const place = (key: string) => key.replace(/(?<=\/).*/, '*')

interface Asked {
  action: string
  key: string
  authType: string
  secure: boolean
}

function denies(statement: Statement, { action, key, authType, secure }: Asked) {
  const { Effect, Action, Resource, NotResource, Condition = {} } = statement
  const arn = key ? `${ARN}/${key}` : ARN
  const matches = (pattern: string, text: string) =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern
  const facts: Record<string, string> = {
    's3:authType': authType,
    'aws:SecureTransport': `${secure}`
  }
  return (
    Effect === 'Deny' &&
    listOf(Action).some((one) => matches(one, action)) &&
    (!Resource || listOf(Resource).some((one) => matches(one, arn))) &&
    (!NotResource || !matches(NotResource, arn)) &&
    Object.values(Condition).every((wanted) =>
      Object.entries(wanted).every(([name, values]) => listOf(values).includes(facts[name] ?? ''))
    )
  )
}
