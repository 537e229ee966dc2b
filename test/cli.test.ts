// The directo command and the process it starts: migrate, bucket setup, serve, and clear refusals.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import postgres from 'postgres'
import t, { type Test } from 'tap'

import { environmentOf } from '../src/dev/environment.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import { BUCKET, SECRET } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { coverage } from './support/process.ts'
import { isThorough } from './support/thorough.ts'

// The environment of the service is what a test gives it; tap's own is for coverage alone.
function directo(t: Test, argv: string[], env: Record<string, string> = {}, measured = true) {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const inherited = measured ? coverage() : { PATH, NODE_COMPILE_CACHE }
  const child = spawn(process.execPath, ['src/cli.ts', ...argv], { env: { ...inherited, ...env } })
  const exited = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const told = { output: '', code: 0 }
  const collect = (chunk: Buffer) => {
    told.output += chunk
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ended = exited.then(([code]) => ({ ...told, code: code as number }))
  const says = async (text: string) => {
    const early = ended.then(({ output }) => Promise.reject(new Error(output)))
    early.catch(() => {})
    while (!told.output.includes(text)) await Promise.race([once(child.stdout, 'data'), early])
    return told.output
  }
  return { child, ended, says }
}

async function environment(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(sandbox.close)
  const env = {
    DATABASE_URL: await cloneDatabase(t),
    ...environmentOf(sandbox, BUCKET),
    JWT_SECRET: SECRET,
    CORS_ORIGINS: 'https://app.example',
    DRAIN_SECONDS: '0',
    PORT: '0'
  }
  return { sandbox, env }
}

t.test('migrate makes an empty database ready, also twice at once', async (t) => {
  const url = await cloneDatabase(t)
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`drop schema if exists drizzle cascade`
  await sql`drop schema public cascade`
  await sql`create schema public`
  const env = { DATABASE_URL: url }
  const runs = [directo(t, ['migrate'], env), directo(t, ['migrate'], env)]
  for (const { ended } of runs) {
    t.match(await ended, { code: 0, output: 'The database is up to date.' })
  }
  const tables = await sql`select table_name as name from information_schema.tables
    where table_schema = 'public' order by 1`
  const names = ['installation', 'objects', 'uploads', 'usage', 'users', 'walks']
  t.same(
    tables.map(({ name }) => name),
    names
  )
  await sql.end()
})

t.test('bucket setup makes the bucket only if it is asked to', async (t) => {
  const { env } = await environment(t)
  t.match(await directo(t, ['bucket', 'setup', '--help'], env).ended, {
    code: 0,
    output: /--dry-run/
  })
  const refused = await directo(t, ['bucket', 'setup'], env).ended
  t.match(refused, { code: 1, output: /^✘ bucket .*--create" makes it\n$/ })
  const shown = await directo(t, ['bucket', 'setup', '--create', '--dry-run'], env).ended
  t.match(shown, { code: 0, output: /^would send CreateBucket/ })
  const made = await directo(t, ['bucket', 'setup', '--create'], env).ended
  t.match(made, { code: 0, output: /^(✔ .*\n){5}$/ })
})

t.test('serve answers until it is told to stop', async (t) => {
  const { env } = await environment(t)
  await directo(t, ['bucket', 'setup', '--create'], env).ended
  const { child, ended, says } = directo(t, ['serve'], { ...env, STORE: '' })
  await says('nobody said which store this is')
  const [, address] = /listening at (http:[^"]+)"/.exec(await says('listening')) ?? []
  const reply = await fetch(`${address}/health/ready`)
  t.same([reply.status, await reply.json()], [200, { status: 'ok' }])
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('sweep and reconcile do one pass', async (t) => {
  const { env } = await environment(t)
  await directo(t, ['bucket', 'setup', '--create'], env).ended
  const adopted = await directo(t, ['bucket', 'adopt'], env).ended
  t.match(adopted, { code: 0, output: /^The bucket belongs to this database/ })
  t.match(await directo(t, ['sweep'], env).ended, { code: 0, output: /objects purged 0/ })
  t.match(await directo(t, ['reconcile'], env).ended, { code: 0, output: /listed 0/ })
})

t.test('what cannot work is refused in sentences', async (t) => {
  const { env } = await environment(t)
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as { port: number }

  const cases: [string[], Record<string, string>, RegExp][] = [
    [['serve'], {}, /DATABASE_URL is required\n.*S3_BUCKET is required\n.*JWT_SECRET is required/],
    [['serve'], { ...env, PORT: `${port}` }, new RegExp(`EADDRINUSE.*${port}`)],
    [['serve'], { ...env, HOST: '203.0.113.1' }, /EADDRNOTAVAIL.*203\.0\.113\.1/],
    [['migrate'], {}, /DATABASE_URL is required/],
    [['migrate'], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /ECONNREFUSED/],
    [['bucket'], env, /directo bucket setup/],
    [['sweep', '--dry-run'], env, /--dry-run/],
    [['bucket', 'adopt', '--dry'], env, /--dry/],
    [
      ['sweep'],
      { ...env, DATABASE_URL: 'postgres://127.0.0.1:1/x' },
      /ECONN.* → look at DATABASE_URL/
    ],
    [['token', 'ada'], {}, /JWT_SECRET is required/],
    [['fly'], {}, /no command "fly"\.\nUsage:/]
  ]
  if (isThorough) {
    cases.push(
      [['bucket', 'setup', '--creat'], env, /--creat/],
      [['sandbox', '--prot', '1'], {}, /--prot/],
      [['reconcile', '--dry'], env, /--dry/],
      [['migrate', 'now'], env, /now/],
      [['serve', '--port'], env, /--port/]
    )
  }
  for (const [argv, environment, sentence] of cases) {
    // only the service itself is worth the cost of measuring
    const measured = environment.PORT === `${port}`
    const { code, output } = await directo(t, argv, environment, measured).ended
    t.equal(code, 1, argv.join(' '))
    t.match(output, sentence)
    t.notMatch(output, /\n\s+at /, 'no stack')
  }
})

t.test('credentials that end before their URLs should are refused at start', async (t) => {
  const { env } = await environment(t)
  const folder = mkdtempSync(join(tmpdir(), 'directo-credentials-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [program, profile] = [join(folder, 'credentials.mjs'), join(folder, 'config')]
  writeFileSync(
    program,
    `console.log(JSON.stringify({ Version: 1, AccessKeyId: 'a', SecretAccessKey: 'b', SessionToken: 'c',
      Expiration: new Date(Date.now() + 900_000) }))`
  )
  writeFileSync(profile, `[default]\ncredential_process = ${process.execPath} ${program}\n`)
  const search = {
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_CONFIG_FILE: profile,
    AWS_SHARED_CREDENTIALS_FILE: profile,
    URL_SECONDS: '86400'
  }
  const { code, output } = await directo(t, ['serve'], { ...env, ...search }).ended
  t.equal(code, 1)
  t.match(output, /URL_SECONDS=86400 cannot be kept: new credentials live (900|899) s/)
  t.notMatch(output, /\n\s+at /, 'no stack')
})

t.test('asked for help, no command does anything else', async (t) => {
  const { sandbox, env } = await environment(t)
  for (const argv of [
    ['--help'],
    ['sweep', '--help'],
    ['migrate', '--help'],
    ['serve', '--help']
  ]) {
    t.match(await directo(t, argv, env).ended, { code: 0, output: /^Usage:/ }, argv.join(' '))
  }
  t.match(await directo(t, ['bucket', 'adopt', '--help'], env).ended, {
    code: 0,
    output: /^Usage:/
  })
  t.same(sandbox.requests, [])
})

t.test('token prints a token and nothing else', async (t) => {
  const token = await directo(t, ['token', 'ada'], { JWT_SECRET: SECRET }).ended
  t.match(token, { code: 0, output: /^[\w-]+\.[\w-]+\.[\w-]+\n$/ })
})

t.test('before the database is migrated, the commands say so', async (t) => {
  const { env } = await environment(t)
  const sql = postgres(env.DATABASE_URL, { max: 1, onnotice: () => {} })
  await sql`drop table installation`
  await sql.end()
  const { code, output } = await directo(t, ['sweep'], env).ended
  t.equal(code, 1)
  t.match(output, /^relation "installation" does not exist → directo migrate\n$/)
})

t.test('help lists what there is', async (t) => {
  t.match(await directo(t, []).ended, {
    code: 0,
    output: /serve.*\n.*migrate.*\n.*sweep.*\n.*reconcile.*\n.*bucket/
  })
})
