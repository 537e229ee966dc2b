// The janitor at work: in a running instance, and from the command line.

import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { environmentOf } from '../src/dev/environment.ts'
import { adoptCommand, reconcileCommand, sweepCommand } from '../src/janitor/commands.ts'
import { adoptBucket } from '../src/janitor/label.ts'
import { type Log, startJanitor } from '../src/janitor/schedule.ts'
import { newId } from '../src/keys.ts'
import { BUCKET, SECRET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'

const picture = padded(png(64), 400)
const DAY = 24 * 3600

async function start(t: Test, environment: Record<string, string> = {}) {
  const app = await startApp(t, environment)
  const { advance } = await startClock(t, app.databaseUrl)
  const { deps, sandbox, databaseUrl } = app
  await adoptBucket(deps)
  const keys = (prefix = '') => sandbox.door.list(BUCKET, prefix)
  const env = {
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: databaseUrl,
    JWT_SECRET: SECRET
  }
  return { ...app, advance, keys, env }
}

function listener() {
  const lines: { level: string; facts: Record<string, unknown>; sentence: string }[] = []
  const at = (level: string) => (facts: object, sentence: string) =>
    void lines.push({ level, facts: facts as Record<string, unknown>, sentence })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const says = async (sentence: string, level: string) => {
    for (;;) {
      const line = lines.find((line) => line.sentence === sentence && line.level === level)
      if (line) return line.facts
      await sleep(10)
    }
  }
  return { log, lines, says }
}

async function output(t: Test, run: () => Promise<number>) {
  const printed: string[] = []
  const { log, error } = console
  console.log = (line: string) => void printed.push(line)
  console.error = console.log
  t.teardown(() => Object.assign(console, { log, error }))
  const status = await run()
  Object.assign(console, { log, error })
  return { status, printed: printed.join('\n') }
}

t.test(
  'an instance that serves deletes a little at a time, for its requests wait meanwhile',
  async (t) => {
    const { deps, sql, sandbox } = await start(t, { SWEEP_SECONDS: '1' })
    await sql`insert into uploads
    (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(n::text), 'ada', 'avatar', 'image/png', 1, now(), now() - interval '1 s'
    from generate_series(1, 500) as n`
    const batches: number[] = []
    sandbox.misbehave.add('DeleteObjects', {
      rewrite: (answer) => {
        batches.push(`${answer.body}`.split('<Key>').length - 1)
        return answer
      }
    })
    const { log, says } = listener()
    const stop = startJanitor(deps, log)
    t.match(await says('swept', 'info'), { swept: { purged: 500 } })
    t.same(batches, [200, 200, 100])
    await stop()
  }
)

t.test('an instance sweeps by itself, says so once a pass, and stops when told', async (t) => {
  const { ada, deps, advance, keys } = await start(t, { SWEEP_SECONDS: '1' })
  await ada.sent(picture)
  await advance(601)
  const { log, lines, says } = listener()
  const stop = startJanitor(deps, log)
  const { swept } = await says('swept', 'info')
  t.match(swept, { discarded: 1, purged: 1, failed: 0 })
  t.same(keys('staging/'), [])
  await says('swept', 'debug')
  await stop()
  const told = lines.length
  await sleep(1600)
  t.equal(lines.length, told)
})

t.test('switched off it does nothing', async (t) => {
  const { ada, deps, advance, keys } = await start(t, { JANITOR: 'off', SWEEP_SECONDS: '1' })
  await ada.sent(picture)
  await advance(601)
  const { log, lines } = listener()
  const stop = startJanitor(deps, log)
  await sleep(2000)
  t.same(lines, [])
  t.equal(keys('staging/').length, 1)
  await stop()
})

t.test('what a sweep could not do is logged, and the next one does it', async (t) => {
  const { ada, deps, sandbox, advance, says, log } = {
    ...(await start(t, { SWEEP_SECONDS: '1' })),
    ...listener()
  }
  await ada.sent(picture)
  await advance(601)
  sandbox.misbehave.fail('DeleteObjects', { status: 503, code: 'SlowDown' })
  const stop = startJanitor(deps, log)
  const undone = await says('the sweep left something undone', 'error')
  t.match(undone, { err: { code: 'STORAGE_UNAVAILABLE' } })
  sandbox.misbehave.clear()
  await advance(200)
  t.match(await says('swept', 'info'), { swept: { purged: 1 } })
  await stop()
})

t.test('without Postgres the janitor goes on trying', async (t) => {
  const { ada, databaseUrl, instance, advance } = await start(t)
  await ada.sent(picture)
  await advance(601)
  const proxy = await startProxy(t, databaseUrl)
  const { deps } = await instance({ DATABASE_URL: proxy.url, SWEEP_SECONDS: '1' })
  proxy.refuse()
  const { log, says } = listener()
  const stop = startJanitor(deps, log)
  await says('nothing is swept', 'error')
  proxy.recover()
  t.match(await says('swept', 'info'), { swept: { purged: 1 } })
  await stop()
})

t.test('told to stop while S3 deletes, it does not wait for it', async (t) => {
  const { ada, deps, sandbox, advance } = await start(t, { SWEEP_SECONDS: '1' })
  await ada.sent(picture)
  await advance(601)
  const { log } = listener()
  const stop = startJanitor(deps, log)
  const asked = new Promise<void>((done) => {
    sandbox.misbehave.before('DeleteObjects', () => done())
  })
  sandbox.misbehave.hang('DeleteObjects')
  await asked
  await stop()
  t.pass('within the time of a test')
})

t.test('an instance walks through the bucket by itself, and names what dangles', async (t) => {
  const { ada, deps, sandbox, advance, keys } = await start(t)
  const config = { ...deps.config, janitor: { ...deps.config.janitor, reconcileSeconds: 1 } }
  await ada.upload(picture)
  sandbox.door.delete(BUCKET, keys('avatars/')[0]!)
  await sandbox.door.put(BUCKET, `avatars/${newId()}`, 'x')
  await advance(DAY)
  const { log, says } = listener()
  const stop = startJanitor({ ...deps, config }, log)
  t.match(await says('reconciled', 'info'), { reconciled: { strays: 1, dangling: 1 } })
  const missing = "a user's avatar is missing from the bucket"
  t.match(await says(missing, 'warn'), { dangling: { userId: 'ada' } })
  await stop()
})

t.test('what fails is logged, and the next pass tries again', async (t) => {
  const { ada, deps, sandbox, advance } = await start(t, { SWEEP_SECONDS: '1' })
  const config = { ...deps.config, janitor: { ...deps.config.janitor, reconcileSeconds: 1 } }
  await ada.sent(picture)
  await advance(601)
  sandbox.misbehave.fail('*', { status: 503, code: 'SlowDown' })
  const { log, says } = listener()
  const stop = startJanitor({ ...deps, config }, log)
  const away = { err: { code: 'STORAGE_UNAVAILABLE' } }
  t.match(await says('nothing is swept', 'error'), away)
  t.match(await says('the walk through the bucket stopped', 'error'), away)
  sandbox.misbehave.clear()
  await says('reconciled', 'info')
  await stop()
})

t.test('directo sweep', async (t) => {
  const { ada, sandbox, advance, env } = await start(t)
  await ada.sent(picture)
  await advance(601)
  sandbox.misbehave.fail('DeleteObjects', { status: 503, code: 'SlowDown' })
  const failed = await output(t, () => sweepCommand(env))
  t.match(failed, { status: 1, printed: /failed 1.*\n✘ The object storage does not answer/ })
  sandbox.misbehave.clear()
  await advance(120)
  const done = await output(t, () => sweepCommand(env))
  t.match(done, {
    status: 0,
    printed: /^uploads expired 0, attempts abandoned 0, objects purged 1/
  })
})

t.test('directo sweep goes on until nothing is due', async (t) => {
  const { sql, env } = await start(t)
  await sql`insert into uploads
    (id, user_id, purpose, content_type, size_bytes, expires_at, purge_after)
    select md5(n::text), 'ada', 'avatar', 'image/png', 1, now(), now() - interval '1 s'
    from generate_series(1, 21000) as n`
  const { status, printed } = await output(t, () => sweepCommand(env))
  t.equal(status, 0)
  t.match(printed.split('\n'), [/purged 20000/, /purged 1000/])
})

t.test('directo reconcile', async (t) => {
  const { ada, sandbox, advance, keys, env } = await start(t)
  await ada.upload(picture)
  const stray = `avatars/${newId()}`
  await sandbox.door.put(BUCKET, stray, 'x')
  await advance(DAY)
  const dry = await output(t, () => reconcileCommand(env, ['--dry-run']))
  t.match(dry.printed, `would remove "${stray}"`)
  t.match(dry, { status: 0, printed: /removed 0, dangling_references 0$/ })
  const undo = sandbox.misbehave.refuseDeleting(stray)
  const refused = await output(t, () => reconcileCommand(env, []))
  t.match(refused, { status: 1, printed: /could not remove/ })
  undo()
  const done = await output(t, () => reconcileCommand(env, []))
  t.match(done, { status: 0, printed: /^removed "avatars.*\n.*strays 1, removed 1/s })

  sandbox.door.delete(BUCKET, keys('avatars/')[0]!)
  const gone = await output(t, () => reconcileCommand(env, []))
  t.match(gone, { status: 1, printed: /^dangling avatars\/.* of user ada\n.*references 1$/s })
  t.match(await output(t, () => reconcileCommand(env, ['--help'])), { printed: /--dry-run/ })
})

t.test('directo reconcile stops at a signal, and only one is at work', async (t) => {
  const { sandbox, sql, env } = await start(t)
  let second: Awaited<ReturnType<typeof output>> | undefined
  sandbox.misbehave.before({ verb: 'ListObjectsV2', times: 1 }, async () => {
    second = await output(t, () => reconcileCommand(env, []))
    process.emit('SIGTERM')
  })
  const first = await output(t, () => reconcileCommand(env, []))
  t.match(first, { status: 1, printed: /Stopped before the end/ })
  t.match(second, { status: 1 }, 'staging was being walked through')
  await sql`update walks set held_until = now() + interval '1 minute'`
  const third = await output(t, () => reconcileCommand(env, []))
  t.match(third, { status: 1, printed: /Another reconcile is at work/ })
})

t.test('directo bucket adopt', async (t) => {
  const { sandbox, keys, env } = await start(t)
  sandbox.door.delete(BUCKET, 'directo-label')
  const { status, printed } = await output(t, () => adoptCommand(env))
  t.match({ status, printed }, { status: 0, printed: /^The bucket belongs to this database/ })
  t.ok(keys().includes('directo-label'))
})

t.test('keys that S3 refuses to delete are a warning with its reason', async (t) => {
  const { ada, deps, sandbox, advance, env } = await start(t, { SWEEP_SECONDS: '1' })
  await ada.sent(picture)
  await advance(601)
  sandbox.misbehave.refuseDeleting(/./, 'AccessDenied')
  const { log, says } = listener()
  const stop = startJanitor(deps, log)
  t.match(await says('swept, but S3 left some alone', 'warn'), { refused: { AccessDenied: 1 } })
  await stop()
  await advance(120)
  t.match(await output(t, () => sweepCommand(env)), { status: 1, printed: /AccessDenied/ })
})
