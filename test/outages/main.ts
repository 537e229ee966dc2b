// npm run test:outages: Postgres or S3 goes away and comes back (F27) under a real process with a light load.
// Nothing may hang, leak, storm or need a restart; takes three minutes. `-- copies` runs only outages
// with that word in their name.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import postgres from 'postgres'

import { migrate } from '../../src/db/migrate.ts'
import { environmentOf } from '../../src/dev/environment.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { startClock } from '../support/clock.ts'
import { finish } from '../support/finish.ts'
import { processEnvironment, startProcess } from '../support/process.ts'
import { ends, runProgram } from '../support/program.ts'
import { startProxy } from '../support/proxy.ts'
import { scan, watch } from '../support/scanner.ts'
import { watchHealth } from './health.ts'
import { BOUND_MS, type Course, judge, POOL, told } from './judge.ts'
import { type Asked, startLoad } from './load.ts'
import { type Held, measure } from './measure.ts'
import { type Outage, outagesOf } from './outage.ts'

const ONLY = process.argv[2] ?? ''
const BUCKET = 'avatars-of-an-outage'
const POSTGRES = ['fsync=off', 'full_page_writes=off']
const PREPARED = 30
const WARM_MS = 8000
const RECOVERY_MS = 30_000
const SETTLE_MS = 15_000

const startedAt = performance.now()
await runProgram(run)

async function run() {
  const server = await startDatabase()
  await migrate(server.url)
  const clock = await startClock(ends, server.url)
  const sql = postgres(server.url, { max: 2, onnotice: () => {} })
  ends.teardown(() => sql.end({ timeout: 1 }))
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  ends.teardown(sandbox.close)
  const watched = watch(sandbox, sql, BUCKET)
  const proxy = await startProxy(ends, sandbox.endpoint)
  const calls = new Map<string, number>()
  sandbox.misbehave.before('*', ({ verb }) => void calls.set(verb, (calls.get(verb) ?? 0) + 1))

  const environment = {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: server.url,
    S3_ENDPOINT: proxy.url,
    S3_PUBLIC_ENDPOINT: sandbox.endpoint,
    DATABASE_DEADLINE_MS: '1000',
    DATABASE_POOL: `${POOL}`,
    S3_DEADLINE_MS: '1000',
    CONFIRM_DEADLINE_MS: '4000',
    OPEN_UPLOADS_PER_USER: '1000',
    JANITOR: 'on',
    SWEEP_SECONDS: '5'
  }
  const service = await startProcess(ends, environment)
  const { pid } = service
  const load = startLoad(service)
  const health = watchHealth(service)
  load.run()
  await sleep(WARM_MS)

  const violations: string[] = []
  const outages = outagesOf({ postgres: server, sandbox, proxy })
  for (const outage of outages.filter(({ name }) => name.includes(ONLY))) {
    await load.rest()
    await load.prepare(PREPARED)
    const before = await measure(pid, sql)
    load.taken()
    load.run()
    health.begin()
    calls.clear()

    await outage.begin()
    await sleep(outage.seconds * 1000)
    const callsMeanwhile = new Map(calls)
    await outage.end()

    const recoveredMs = await health.recovered(RECOVERY_MS)
    const seen = health.seen()
    await load.rest()
    const asked = load.taken()
    const lost = await load.conclude()
    const after = await settled(() => measure(pid, sql), before)
    const isRunning = service.isRunning && service.pid === pid
    const course: Course = {
      ...{ asked, lost, health: seen, recoveredMs, calls: callsMeanwhile, before, after, isRunning }
    }
    const problems = [...judge(outage, course), ...(await scan(sql, sandbox.door, BUCKET))]
    print(outage, course, problems)
    violations.push(...problems)
  }

  await health.stop()
  await service.stop()
  const databaseUrl = server.url
  const left = await finish({ sql, sandbox, clock, environment, databaseUrl })
  violations.push(...watched.violations, ...left.violations)
  for (const violation of left.violations) console.log(`  VIOLATION ${violation}`)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log(`\n${seconds} s, ${left.live} avatars, ${left.objects} objects left after a sweep`)
  console.log(`violations ${violations.length}`)
  return violations.length === 0
}

// Really stopped and started, over the same folder and on the same port.
async function startDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'directo-outages-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  let server = await startPostgres(folder, POSTGRES)
  const { url } = server
  ends.teardown(() => server.stop())
  return {
    url,
    stop: () => server.stop(),
    async start() {
      server = await startPostgres(folder, [...POSTGRES, `port=${new URL(url).port}`])
    }
  }
}

// What was under way has to end first; what does not go away by then is a leak.
async function settled(held: () => Promise<Held>, before: Held) {
  for (const since = Date.now(); ; await sleep(500)) {
    const now = await held()
    const isOver = now.files <= before.files + 5 && now.idleInTransaction === 0
    if (isOver || Date.now() - since > SETTLE_MS) return now
  }
}

function print(outage: Outage, course: Course, problems: string[]) {
  const { asked, health, recoveredMs, calls, before, after } = course
  const groups = Object.groupBy(asked, ({ name, status, code }) => `${name} ${status} ${code}`)
  const slowest = Math.max(...asked.map(({ ms }) => ms))
  console.log(`
${outage.name}, ${outage.seconds} s
  answers      ${asked.length}, the slowest after ${Math.round(slowest)} ms (bound ${BOUND_MS} ms)`)
  for (const [what, group] of Object.entries(groups).sort()) {
    console.log(`               ${group!.length} × ${what}, ${quantiles(group!)}`)
  }
  console.log(`  live         always, the slowest after ${Math.round(health.slowestLive)} ms
  ready        ${health.unreadySeen ? 'was 503' : 'stayed 200'}, 200 after ${recoveredMs} ms
  calls to S3  ${[...calls].map(([verb, count]) => `${count} ${verb}`).join(', ')}
  before       ${told(before)}
  after        ${told(after)}`)
  for (const problem of problems) console.log(`  VIOLATION ${problem}`)
}

function quantiles(group: Asked[]) {
  const ms = group.map(({ ms }) => ms).sort((a, b) => a - b)
  return `${Math.round(ms[Math.floor(ms.length / 2)]!)} ms in the middle, ${Math.round(ms.at(-1)!)} at most`
}
