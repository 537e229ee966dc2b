// The end of a long run: time passes, the janitor does the rest, and the scanner looks at what is left.

import type { Sql } from 'postgres'

import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/client.ts'
import type { Sandbox } from '../../src/dev/sandbox/server.ts'
import { reconcile } from '../../src/janitor/reconcile.ts'
import { sweep } from '../../src/janitor/sweep.ts'
import { openBucket } from '../../src/s3/bucket.ts'
import type { Clock } from './clock.ts'
import { type ScanOptions, scan } from './scanner.ts'

export interface Ending {
  sql: Sql
  sandbox: Sandbox
  clock: Clock
  environment: Record<string, string>
  databaseUrl: string
  sent?: ScanOptions['sent']
}

const ROUNDS = 20
const DAY = 86_400
const HOUR = 3600 // the longest pause between two attempts of the janitor at one key

/** Answers what the scanner says, and the figures of the end. */
export async function finish({ sql, sandbox, clock, environment, databaseUrl, sent }: Ending) {
  const bucketName = environment.S3_BUCKET!
  const before = sandbox.door.list(bucketName).length
  const config = readConfig({
    ...environment,
    DATABASE_URL: databaseUrl,
    S3_ENDPOINT: sandbox.endpoint
  })
  const database = openDatabase(config)
  const bucket = openBucket(config.s3)
  const deps = { config, db: database.db, bucket, now: () => new Date() }
  const violations: string[] = []
  const figures = { purged: 0, strays: 0, dangling: 0 }
  await clock.advance(2 * DAY)
  for (let round = 1; ; round++) {
    const { purged, discarded, abandoned, failed, more, errors } = await sweep(deps)
    const { strays, removed, dangling } = (await reconcile(deps))!
    figures.purged += purged
    figures.strays += removed
    figures.dangling = dangling
    if (purged + discarded + abandoned + failed + strays === 0 && !more) break
    if (round === ROUNDS) {
      violations.push(`the janitor comes to no end: ${errors.join('; ')}`)
      break
    }
    await clock.advance(HOUR)
  }
  bucket.close()
  await database.close()

  violations.push(...(await scan(sql, sandbox.door, bucketName, { swept: true, sent })))
  if (figures.dangling > 0) violations.push(`I1: ${figures.dangling} users rows without an object`)
  const [{ live }] = await sql<[{ live: number }]>`
    select count(*)::int as live from users where avatar_key is not null`
  return { violations, before, live, objects: sandbox.door.list(bucketName).length, ...figures }
}
