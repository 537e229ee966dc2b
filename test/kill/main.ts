// npm run test:kill: three instances under load, one killed with kill -9 every second, over links that
// fail at random; nothing acknowledged may be lost and nothing may be left over. KILLS=20 is a short
// run, SEED repeats the random choices of an earlier one, as far as timing lets it.

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
import { startLink } from '../support/link.ts'
import { processEnvironment, startProcess, tokenOf } from '../support/process.ts'
import { ends, runProgram } from '../support/program.ts'
import { randomOf } from '../support/random.ts'
import { watch } from '../support/scanner.ts'
import { crash } from './crash.ts'
import { startFleet } from './fleet.ts'
import { report } from './report.ts'
import { see, step } from './steps.ts'
import { urlKeeper } from './urls.ts'
import { hashOf, note, type Person, personOf, violate, type World } from './world.ts'

const KILLS = Number(process.env.KILLS || 1000)
const SEED = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 31))
const PLACES = 4 // one is always about to start
const PEOPLE = 10
const PAUSE_MS = 100 // of a user between two steps, at most
const KILL_MS = [700, 1300] as const
const CRASH_EVERY = 40 // kills, then Postgres is next
const LINKS = {
  'instances to Postgres': { chance: 0.006, lost: { texts: ['confirmed', 'COMMIT'], chance: 0.1 } },
  'instances to S3': { chance: 0.02, lost: { texts: ['CopyObjectResult'], chance: 0.05 } },
  'clients to S3': { chance: 0.02 }
}
const BUCKET = 'avatars-of-the-killed'

// A crash of the machine may lose the data, one of Postgres may not.
const POSTGRES = ['fsync=off', 'full_page_writes=off', 'max_connections=300']

// Told to end, it kills no more and comes to its report.
let enough = false
process.once('SIGTERM', () => {
  enough = true
})

const startedAt = performance.now()
await runProgram(run)

async function run() {
  console.log(`${KILLS} kills, SEED=${SEED}`)
  const random = randomOf(SEED)
  const faults = new Map<string, number>()
  const weather = {
    stormy: false,
    random,
    tally: (fault: string) => void faults.set(fault, (faults.get(fault) ?? 0) + 1)
  }

  const folder = mkdtempSync(join(tmpdir(), 'directo-kill-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres(folder, POSTGRES)
  ends.teardown(server.stop)
  await migrate(server.url)
  const clock = await startClock(ends, server.url)
  const sql = postgres(server.url, { max: 4, onnotice: () => {} })
  ends.teardown(() => sql.end({ timeout: 1 }))
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  ends.teardown(sandbox.close)
  const watched = watch(sandbox, sql, BUCKET)

  const link = async (name: keyof typeof LINKS, target: string) => {
    const { url, close } = await startLink(name, target, LINKS[name], weather)
    ends.teardown(close)
    return url
  }
  const environment: Record<string, string> = {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    S3_PUBLIC_ENDPOINT: await link('clients to S3', sandbox.endpoint),
    DATABASE_DEADLINE_MS: '2500',
    DATABASE_POOL: '6',
    S3_DEADLINE_MS: '2500',
    CONFIRM_DEADLINE_MS: '10000',
    GRANT_SECONDS: '30',
    CONFIRM_SECONDS: '30',
    URL_SECONDS: '60',
    OPEN_UPLOADS_PER_USER: '1000',
    JANITOR: 'on',
    SWEEP_SECONDS: '2',
    RECONCILE_SECONDS: '60',
    // Starts are most of the work: what the first instance compiled is kept for the others.
    NODE_COMPILE_CACHE: `${folder}/compiled`
  }
  const environments = await Promise.all(
    Array.from({ length: PLACES }, async () => ({
      ...environment,
      DATABASE_URL: await link('instances to Postgres', server.url),
      S3_ENDPOINT: await link('instances to S3', sandbox.endpoint)
    }))
  )
  const first = await startProcess(ends, environments[0]!)
  await first.stop()
  const people = Array.from({ length: PEOPLE }, (_, index) => personOf(`user-${index}`))
  const world: World = {
    fleet: await startFleet(ends, random, environments, (sentence) => violate(world, sentence)),
    random,
    urls: urlKeeper(),
    sandboxPort: sandbox.port,
    adminToken: tokenOf('admin', { scope: 'avatars:admin' }),
    ending: false,
    outcomes: new Map(),
    durations: new Map(),
    violations: [],
    sent: new Map()
  }

  weather.stormy = true
  const working = Promise.all(people.map((person) => work(world, person)))
  const checking = checkUrls(world)
  let crashes = 0
  for (let kills = 1; kills <= KILLS && !enough; kills++) {
    await sleep(random.between(...KILL_MS))
    await world.fleet.killOne()
    if (kills % CRASH_EVERY === 0) crashes += await crash(sql)
    if (kills % 50 === 0) console.log(progress(world, kills))
  }

  world.ending = true
  weather.stormy = false
  await working
  await checking
  await world.urls.checkDue(world, true)
  for (const person of people) await see(world, person)
  await world.fleet.stop()
  const sent = (_: string, upload: string, bytes: Buffer) =>
    world.sent.get(upload)?.has(hashOf(bytes)) ?? false
  const databaseUrl = server.url
  const left = await finish({ sql, sandbox, clock, environment, databaseUrl, sent })
  world.violations.push(...watched.violations, ...left.violations)
  report({
    world,
    faults,
    crashes,
    left,
    seconds: (performance.now() - startedAt) / 1000,
    seed: SEED
  })
  return world.violations.length === 0
}

async function work(world: World, person: Person) {
  while (!world.ending) {
    await step(world, person).catch((err) => {
      note(person, String(err.stack))
      violate(world, `the run itself failed: ${err.message}`, person)
    })
    await sleep(world.random.between(0, PAUSE_MS))
  }
}

async function checkUrls(world: World) {
  for (; !world.ending; await sleep(200)) await world.urls.checkDue(world)
}

function progress({ outcomes, violations }: World, kills: number) {
  const acknowledged = [...outcomes.values()].reduce(
    (sum, counts) => sum + (counts.get('acknowledged') ?? 0),
    0
  )
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  return `${seconds} s: ${kills} kills, ${acknowledged} acknowledged, ${violations.length} violations`
}
