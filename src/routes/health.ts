// What an orchestrator asks: is the process alive, and can it do its work?

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import { sql } from '../db/drizzle.ts'
import type { Deps } from '../deps.ts'
import { type ProblemCode, problem } from '../errors.ts'
import { assertOurBucket, BucketNotOurs } from '../janitor/label.ts'
import { problems } from './problems.ts'

const Healthy = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false })
const tags = ['health']
// URLs are signed by our clock, and what they show is purged by that of Postgres, with a margin.
const MOST_SKEW_MS = 30_000
const TRUSTED_MS = 60_000 // a bucket seldom changes hands
const CACHED_MS = 1000 // however many balancers ask, the dependencies are asked once a second
const PROBE_MS = 2000 // longer waits no orchestrator; what is so slow is not ready

export const healthRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const isOurs = trusted(() => askBucket(deps), TRUSTED_MS)
  const ready = remembered(async () => {
    const migrated = askPostgres(deps)
    await Promise.all([
      soon(migrated, 'DATABASE_UNAVAILABLE'),
      soon(Promise.all([migrated, deps.bucket.ping()]).then(isOurs), 'STORAGE_UNAVAILABLE'),
      soon(app.keySet?.assertReady(), 'IDENTITY_UNAVAILABLE')
    ])
  }, CACHED_MS)

  app.get('/live', { schema: live, config: { isNeverShed: true } }, async () => ({
    status: 'ok' as const
  }))
  app.get('/ready', { schema: readiness }, async () => {
    if (app.drain.hasBegun) throw problem('INSTANCE_CLOSING')
    await ready()
    return { status: 'ok' as const }
  })
}

const live = {
  tags,
  operationId: 'isAlive',
  summary: 'The process answers',
  response: { 200: Healthy, ...problems() }
}

const readiness = {
  tags,
  operationId: 'isReady',
  summary: 'Postgres is migrated, the bucket answers and is ours, clocks agree, there are keys',
  response: {
    200: Healthy,
    ...problems(
      'DATABASE_UNAVAILABLE',
      'STORAGE_UNAVAILABLE',
      'IDENTITY_UNAVAILABLE',
      'INSTANCE_CLOSING',
      'OVERLOADED'
    )
  }
}

async function askPostgres({ db, now }: Deps) {
  // The newest thing that a migration makes: without it this version cannot work.
  const asked = sql`select to_regclass('usage') is not null as migrated,
    extract(epoch from clock_timestamp())::float * 1000 as now,
    current_setting('transaction_read_only') = 'on' as "readOnly"`
  const [row] = await db.execute<Probed>(asked)
  if (!row?.migrated) throw problem('DATABASE_UNAVAILABLE', 'The database is not migrated.')
  if (row.readOnly) await refuseReplica(db)
  const skewMs = Math.round(now().getTime() - row.now)
  if (Math.abs(skewMs) > MOST_SKEW_MS) {
    const detail = `The clocks of this process and of Postgres are ${skewMs} ms apart.`
    throw problem('DATABASE_UNAVAILABLE', detail)
  }
}

// By a write that fails: such a connection is given up, for the primary may be elsewhere by now.
async function refuseReplica(db: Deps['db']) {
  const cause = await db
    .execute(sql`update installation set id = id where false`)
    .catch((err) => err)
  throw problem('DATABASE_UNAVAILABLE', 'The database takes no writes: a replica?', { cause })
}

interface Probed extends Record<string, unknown> {
  migrated: boolean
  readOnly: boolean
  now: number
}

function askBucket(deps: Deps) {
  return assertOurBucket(deps).catch((cause) => {
    if (!(cause instanceof BucketNotOurs)) throw cause
    throw problem('STORAGE_UNAVAILABLE', 'The bucket may be that of another database.', { cause })
  })
}

// What is still waiting then ends by its own deadline.
function soon(asked: Promise<unknown> | undefined, code: ProblemCode) {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(problem(code, `There was no answer within ${PROBE_MS} ms.`))
  }, PROBE_MS)
  return Promise.race([asked, late]).finally(() => clearTimeout(timer))
}

// Once it was so, asked again after a while only.
function trusted(ask: () => Promise<void>, ms: number) {
  let until = 0
  return async () => {
    if (performance.now() < until) return
    await ask()
    until = performance.now() + ms
  }
}

function remembered(ask: () => Promise<void>, ms: number) {
  let answer: Promise<void> | undefined
  return () => {
    answer ??= ask().finally(() => {
      setTimeout(() => {
        answer = undefined
      }, ms).unref()
    })
    return answer
  }
}
