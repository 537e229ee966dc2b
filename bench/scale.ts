// npm run bench:scale: what reading costs with a million users, beside a thousand in the same run, and
// which statements do not go by index then. --plans FILE writes all plans, --json is for programs,
// USERS=50000 and --quick are for a first look. It prints figures and asserts nothing.

import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'

import { installOnce } from './install.ts'
import { createMillion } from './million.ts'
import { placeOf } from './places.ts'
import { collectPlans, scansOf, wasteOf } from './plans.ts'
import { documentOf, nameOf } from './plans-report.ts'
import { measureReads } from './reads.ts'
import { print, summary } from './scale-report.ts'
import { startWorld } from './world.ts'

const USERS = Number(process.env.USERS || 1_000_000)
const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, plans: { type: 'string' } }
})
const pace = options.quick
  ? { warmSeconds: 1, seconds: 1, bareSeconds: 0.5, rounds: 2 }
  : { warmSeconds: 5, seconds: 3, bareSeconds: 1.5, rounds: 5 }

const ended: (() => unknown)[] = []
const ends = { teardown: (end: () => unknown) => void ended.push(end) }
const elapsed = () => Math.round(performance.now() / 1000)
const say = (line: string) => console.error(`${elapsed()} s: ${line}`)
installOnce()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop().finally(() => process.exit(1)))
}
try {
  const figures = await run()
  if (options.json)
    console.log(JSON.stringify({ ...figures, summary: summary(figures.reads) }, null, 2))
  else print(figures)
} finally {
  await stop()
}

async function stop() {
  for (const end of ended.splice(0).reverse()) await end()
}

export type Scale = Awaited<ReturnType<typeof run>>

async function run() {
  const loadBefore = loadavg()[0]!
  // What it would do of its own accord is done once, before anything is measured.
  const world = await startWorld(ends, ['autovacuum=off'])
  say(`${USERS} users …`)
  const million = await createMillion(world, USERS)
  const sizes = {
    few: { readers: world.users.length, databaseUrl: world.environment.DATABASE_URL! },
    many: { readers: USERS, databaseUrl: million.url }
  }
  const reads = await measureReads(world, sizes, pace, say)
  say('plans …')
  const plans = await collectPlans(world, million)
  if (options.plans) writeFileSync(options.plans, documentOf(plans, USERS))
  const machine = {
    users: USERS,
    cores: availableParallelism(),
    loadBefore,
    loadAfter: loadavg()[0]!,
    seconds: elapsed()
  }
  const names = (some: typeof plans) => some.map(nameOf)
  return {
    machine,
    reads,
    scans: names(scansOf(plans)),
    waste: names(wasteOf(plans)),
    unnamed: names(plans.filter(({ statement }) => !placeOf(statement)))
  }
}
