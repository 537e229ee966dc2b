// How long a confirm takes with an S3 that is 20 ms away, and how often it waits in turn for whom.

import type { ClientFunctions } from './clients.ts'
import { inTurn, percentile } from './measure.ts'
import type { RelayFunctions } from './relay.ts'
import { start } from './remote.ts'
import { uploaders } from './uploads.ts'
import { startService, type World } from './world.ts'

const LATENCY_MS = 20
const AT_ONCE = 16
const BYTES = 200_000 // too large to be seen whole, as nearly all are

/** Times without anything between; round trips in a run of their own, with a relay before Postgres. */
export async function measureConfirm(
  world: World,
  { warm, count }: { warm: number; count: number }
) {
  const clients = start<ClientFunctions>(world.ends, 'clients.ts')
  const relay = start<RelayFunctions>(world.ends, 'relay.ts')
  const relayed = await relay.call.relay(world.environment.DATABASE_URL!)

  async function confirms(salt: string, environment = {}) {
    const server = await startService(world, environment)
    const tokens = uploaders(salt, warm + count)
    const ids = await clients.call.place({
      url: server.url,
      tokens,
      sizeBytes: BYTES,
      atOnce: AT_ONCE
    })
    await world.bucket.slow(LATENCY_MS)
    await clients.call.confirm(server.url, tokens.slice(0, warm), ids.slice(0, warm))
    await Promise.all([world.bucket.takeSpans(), relay.call.takeSpans()])
    const run = await clients.call.confirm(server.url, tokens.slice(warm), ids.slice(warm))
    const [s3, database] = await Promise.all([world.bucket.takeSpans(), relay.call.takeSpans()])
    await world.bucket.slow(0)
    await server.stop()
    await world.bucket.empty()
    return { ...run, s3: inTurn(s3) / count, database: inTurn(database) / count }
  }

  const timed = await confirms('timed')
  const counted = await confirms('counted', { DATABASE_URL: relayed })
  await clients.stop()
  await relay.stop()
  return {
    p50: percentile(timed.waits, 0.5),
    p99: percentile(timed.waits, 0.99),
    s3RoundTrips: counted.s3,
    databaseRoundTrips: counted.database,
    failures: timed.failures + counted.failures,
    why: timed.why ?? counted.why
  }
}
