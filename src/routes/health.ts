// What an orchestrator asks: is the process alive, and can it do its work?

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import { sql } from '../db/drizzle.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { assertOurBucket, BucketNotOurs } from '../janitor/label.ts'
import { problems } from './problems.ts'

const Healthy = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false })
const tags = ['health']
// URLs are signed by our clock, and what they show is purged by that of Postgres, with a margin.
const MOST_SKEW_MS = 30_000
const TRUSTED_MS = 60_000 // a bucket seldom changes hands
const CACHED_MS = 1000 // however many balancers ask, the dependencies are asked once a second

export const healthRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const isOurs = trusted(() => assertOurBucket(deps), TRUSTED_MS)
  const ready = remembered(async () => {
    await Promise.all([probe(deps, isOurs), app.keySet?.assertReady()])
  }, CACHED_MS)

  app.get('/live', { schema: live, config: { isNeverShed: true } }, async () => ({
    status: 'ok' as const
  }))
  app.get('/ready', { schema: readiness }, async () => {
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
    ...problems('DATABASE_UNAVAILABLE', 'STORAGE_UNAVAILABLE', 'IDENTITY_UNAVAILABLE', 'OVERLOADED')
  }
}

async function probe({ db, bucket, now }: Deps, isOurs: () => Promise<void>) {
  // The newest thing that a migration makes: without it this version cannot work.
  const asked = sql`select exists (select from pg_proc
      where proname = 'commit_upload' and pronamespace = current_schema()::regnamespace) as migrated,
    extract(epoch from clock_timestamp())::float * 1000 as now`
  const [[row]] = await Promise.all([db.execute<Probed>(asked), bucket.ping()])
  if (!row?.migrated) throw problem('DATABASE_UNAVAILABLE', 'The database is not migrated.')
  const skewMs = Math.round(now().getTime() - row.now)
  if (Math.abs(skewMs) > MOST_SKEW_MS) {
    const detail = `The clocks of this process and of Postgres are ${skewMs} ms apart.`
    throw problem('DATABASE_UNAVAILABLE', detail)
  }
  await isOurs().catch((cause) => {
    if (!(cause instanceof BucketNotOurs)) throw cause
    throw problem('STORAGE_UNAVAILABLE', 'The bucket may be that of another database.', { cause })
  })
}

interface Probed extends Record<string, unknown> {
  migrated: boolean
  now: number
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
    if (!answer) {
      answer = ask()
      setTimeout(() => {
        answer = undefined
      }, ms).unref()
    }
    return answer
  }
}
