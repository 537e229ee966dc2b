// npm run bench: what a request and a whole avatar cost, beside other ways measured in the same run.
// --quick takes less than a minute, --json is for programs. It prints figures and asserts nothing.

import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'

import { measureConfirm } from './confirm.ts'
import { installOnce } from './install.ts'
import { measureReady } from './ready.ts'
import { print } from './report.ts'
import { measureRequests } from './requests.ts'
import { summary } from './targets.ts'
import { measureUploads } from './uploads.ts'
import { startWorld } from './world.ts'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } }
})
const quick = {
  requests: { warmSeconds: 1.5, seconds: 1, bareSeconds: 0.6 },
  uploads: { warm: 96, count: 64 },
  confirms: { warm: 10, count: 10 },
  starts: 3
}
const long: typeof quick = {
  requests: { warmSeconds: 5, seconds: 6, bareSeconds: 3 },
  uploads: { warm: 1024, count: 192 },
  confirms: { warm: 100, count: 50 },
  starts: 5
}
const pace = options.quick ? quick : long

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
  if (options.json) console.log(JSON.stringify({ ...figures, summary: summary(figures) }, null, 2))
  else print(figures)
} finally {
  await stop()
}

async function stop() {
  for (const end of ended.splice(0).reverse()) await end()
}

export type Figures = Awaited<ReturnType<typeof run>>

async function run() {
  const loadBefore = loadavg()[0]!
  const world = await startWorld(ends)
  const requests = await measureRequests(world, pace.requests, say)
  const uploads = await measureUploads(world, pace.uploads, say)
  say('confirm with a slow S3 …')
  const confirm = await measureConfirm(world, pace.confirms)
  say('starts …')
  const ready = await measureReady(world, pace.starts)
  const machine = {
    node: process.version,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    loadBefore,
    loadAfter: loadavg()[0]!,
    seconds: elapsed()
  }
  return { machine, requests, uploads, confirm, ready }
}
