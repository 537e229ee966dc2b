// What a whole avatar of 5 MB costs the server: Directo never sees the bytes, the others do.

import { setTimeout as sleep } from 'node:timers/promises'

import { tokenOf } from '../test/support/process.ts'
import type { ClientFunctions } from './clients.ts'
import { percentile } from './measure.ts'
import { start } from './remote.ts'
import { type Server, startBaseline, startService, type World } from './world.ts'

const AT_ONCE = 64
const SETTLE_MS = 1000
const LOOK_MS = 100
const WARM_BYTES = 200_000 // already too large to be seen whole, so that the same happens
const BYTES = 5_000_000

/** Of each way, by a fresh server, after smaller uploads that warm it up. */
export async function measureUploads(
  world: World,
  { warm, count }: { warm: number; count: number },
  say: (line: string) => void
) {
  const clients = start<ClientFunctions>(world.ends, 'clients.ts')
  const ways = {
    directo: { open: () => startService(world), upload: clients.call.direct },
    'multer-disk': {
      open: () => startBaseline(world, 'multer-disk'),
      upload: clients.call.through
    },
    'multer-s3': { open: () => startBaseline(world, 'multer-s3'), upload: clients.call.through }
  }
  const rows = []
  for (const [on, { open, upload }] of Object.entries(ways)) {
    say(`5 MB avatars, ${on} …`)
    const server = await open()
    await sleep(SETTLE_MS)
    const idleMB = (await server.usage()).residentBytes / 1e6
    const highest = watch(server)
    const send = (salt: string, count: number, sizeBytes: number) =>
      upload({ url: server.url, tokens: uploaders(salt, count), sizeBytes, atOnce: AT_ONCE })
    await send(`${on}-warm`, warm, WARM_BYTES)
    await world.bucket.empty()
    const before = await server.usage()
    const run = await send(on, count, BYTES)
    const after = await server.usage()
    const done = run.waits.length
    rows.push({
      on,
      perSecond: done / run.seconds,
      cpuMs: (after.cpuMicros - before.cpuMicros) / 1000 / done,
      p50: percentile(run.waits, 0.5),
      p99: percentile(run.waits, 0.99),
      idleMB,
      overIdleMB: (await highest()) - idleMB,
      failures: run.failures,
      why: run.why
    })
    await server.stop()
    await world.bucket.empty()
  }
  await clients.stop()
  return rows
}

export const uploaders = (salt: string, count: number) =>
  Array.from({ length: count }, (_, n) => tokenOf(`${salt}-${n}`))

/** The most resident memory that is seen until it is asked for, in MB. */
function watch({ usage }: Server) {
  let most = 0
  const look = async () => {
    most = Math.max(most, (await usage()).residentBytes / 1e6)
  }
  const timer = setInterval(look, LOOK_MS)
  return async () => {
    clearInterval(timer)
    await look()
    return most
  }
}
