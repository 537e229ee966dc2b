// npm run bench:backlog: how fast the janitor works off a million due objects and a million strays,
// with how much memory, and what readers notice. BACKLOG=50000 is a short run, --json for programs.

import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import postgres from 'postgres'

import { migrate } from '../src/db/migrate.ts'
import { startPostgres } from '../src/dev/postgres.ts'
import { processEnvironment, runCommand, startProcess, tokenOf } from '../test/support/process.ts'
import type { BucketFunctions } from './bucket.ts'
import { curve, percentile, watchMemory } from './measure.ts'
import type { ReaderFunctions } from './readers.ts'
import { start } from './remote.ts'
import { countDue, insertDue, insertReaders } from './rows.ts'

const BACKLOG = Number(process.env.BACKLOG || 1_000_000)
const SHARED = Math.min(BACKLOG, 200_000) // for several janitors at once
const READS = Number(process.env.READS || 100) // a second
const WARM_MS = 5_000
const IDLE_MS = 30_000
const JANITORS = 5
const STRAY_AGE_SECONDS = 30 * 86_400

const ended: (() => unknown)[] = []
const ends = { teardown: (end: () => unknown) => void ended.push(end) }
const say = (line: string) => process.argv.includes('--json') || console.log(line)
try {
  const figures = await run()
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures, null, 2))
  else table(figures)
} finally {
  for (const end of ended.reverse()) await end()
}

async function run() {
  say(
    `${BACKLOG} objects, ${availableParallelism()} cores, load before ${loadavg()[0]!.toFixed(1)}`
  )
  const folder = mkdtempSync(join(tmpdir(), 'directo-backlog-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres(folder) // durable, as in production
  ends.teardown(server.stop)
  await migrate(server.url)
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  ends.teardown(() => sql.end())
  const bucket = start<BucketFunctions>(ends, 'bucket.ts').call
  const environment = {
    ...processEnvironment,
    ...(await bucket.environment()),
    DATABASE_URL: server.url
  }
  await runCommand(ends, ['bucket', 'adopt'], environment).ended
  const tokens = (await insertReaders(sql)).map((id) => tokenOf(id))
  await bucket.fill('reader', tokens.length, 3600)
  const world: World = { sql, bucket, environment, tokens }
  return { purge: await purge(world), shared: await shared(world), strays: await strays(world) }
}

interface World {
  sql: postgres.Sql
  bucket: ReturnType<typeof start<BucketFunctions>>['call']
  environment: Record<string, string>
  tokens: string[]
}

/** One instance serves readers and works off the backlog. */
async function purge({ sql, bucket, environment, tokens }: World) {
  say(`filling the bucket and the table with ${BACKLOG} due objects …`)
  await Promise.all([bucket.fill('due', BACKLOG, 3600), insertDue(sql, 'due', BACKLOG)])
  const readers = start<ReaderFunctions>(ends, 'readers.ts').call

  say('reads while nothing else happens …')
  const idle = await startProcess(ends, environment)
  await readers.start(idle.url, tokens, READS)
  await sleep(WARM_MS)
  await readers.take()
  await sleep(IDLE_MS)
  const atRest = await readers.take()
  await readers.stop()
  await idle.stop()

  say('reads while the janitor works …')
  const busy = await startProcess(ends, { ...environment, JANITOR: 'on', SWEEP_SECONDS: '10' })
  await readers.start(busy.url, tokens, READS)
  while ((await bucket.seenDeletes()).keys === 0) await sleep(50)
  await readers.take()
  const memory = watchMemory(busy.pid)
  const progress = [0]
  while (progress.at(-1)! < BACKLOG) {
    await sleep(1000)
    progress.push((await bucket.seenDeletes()).keys)
  }
  const meanwhile = await readers.take()
  const samples = memory()
  while ((await countDue(sql)) > 0) await sleep(1000)
  await readers.stop()
  await busy.stop()
  const deletes = await bucket.takeDeletes()
  return {
    objects: BACKLOG,
    keysDeleted: deletes.keys,
    objectsLeft: (await bucket.count()) - tokens.length,
    perSecondOverTime: rates(progress),
    perSecond: Math.round(deletes.keys / ((deletes.lastAt - deletes.firstAt) / 1000)),
    memoryMB: curve(samples),
    idle: waits(atRest),
    meanwhile: waits(meanwhile)
  }
}

/** Several janitors at one backlog. */
async function shared({ sql, bucket, environment, tokens }: World) {
  say(`${JANITORS} janitors at once, ${SHARED} due objects …`)
  await Promise.all([bucket.fill('shared', SHARED, 3600), insertDue(sql, 'shared', SHARED)])
  const startedAt = Date.now()
  const sweeps = Array.from({ length: JANITORS }, () => runCommand(ends, ['sweep'], environment))
  const outcomes = await Promise.all(sweeps.map(({ ended }) => ended))
  const seconds = (Date.now() - startedAt) / 1000
  const { keys } = await bucket.takeDeletes()
  return {
    objects: SHARED,
    keysDeleted: keys,
    deletedTwice: keys - SHARED,
    byJanitor: outcomes.map(({ output }) =>
      [...output.matchAll(/purged (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
    ),
    exitCodes: outcomes.map(({ code }) => code),
    objectsLeft: (await bucket.count()) - tokens.length,
    rowsLeft: await countDue(sql),
    perSecond: Math.round(SHARED / seconds)
  }
}

/** A bucket full of what no row knows. */
async function strays({ bucket, environment, tokens }: World) {
  say(`reconcile with ${BACKLOG} strays …`)
  await bucket.fill('stray', BACKLOG, STRAY_AGE_SECONDS)
  const startedAt = Date.now()
  const walk = runCommand(ends, ['reconcile'], environment)
  const memory = watchMemory(walk.pid)
  const { code, output } = await walk.ended
  const seconds = (Date.now() - startedAt) / 1000
  return {
    objects: BACKLOG,
    exitCode: code,
    said: output.trim().split('\n').at(-1),
    objectsLeft: (await bucket.count()) - tokens.length,
    perSecond: Math.round(BACKLOG / seconds),
    memoryMB: curve(memory())
  }
}

function waits({ waits, failures }: { waits: number[]; failures: number }) {
  const ms = (share: number) => Number(percentile(waits, share).toFixed(1))
  return { reads: waits.length, failures, p50: ms(0.5), p99: ms(0.99), max: ms(1) }
}

// Of each tenth of the time.
function rates(progress: number[]) {
  const points = Array.from({ length: 11 }, (_, i) => Math.floor((i * (progress.length - 1)) / 10))
  return points.slice(1).map((to, i) => {
    const from = points[i]!
    return Math.round((progress[to]! - progress[from]!) / Math.max(1, to - from))
  })
}

function table({ purge, shared, strays }: Awaited<ReturnType<typeof run>>) {
  const reads = ({ p50, p99, max, failures }: typeof purge.idle) =>
    `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms, ${failures} failed`
  const rows = {
    'purged by one instance': `${purge.perSecond} objects/s (target 2000), ${purge.objectsLeft} left`,
    'objects/s over time': purge.perSecondOverTime.join(' '),
    'its memory, MB over time': purge.memoryMB.join(' '),
    [`reads at ${READS}/s, idle`]: reads(purge.idle),
    [`reads at ${READS}/s, meanwhile`]: reads(purge.meanwhile),
    'p99 meanwhile by idle': `${(purge.meanwhile.p99 / purge.idle.p99).toFixed(2)} (target 2)`,
    [`${JANITORS} janitors at once`]: `${shared.perSecond} objects/s, ${shared.deletedTwice} twice, ${shared.objectsLeft} left`,
    'shares of the janitors': shared.byJanitor.join(' '),
    'reconcile of strays': `${strays.perSecond} keys/s, ${strays.objectsLeft} left, exit ${strays.exitCode}`,
    'memory of reconcile': strays.memoryMB.join(' '),
    'load after': loadavg()[0]!.toFixed(1)
  }
  for (const [name, figure] of Object.entries(rows)) console.log(`${name.padEnd(28)}${figure}`)
}
