// What an orchestrator asks: is the process alive, and can it do its work?

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sql } from 'drizzle-orm'
import { Type } from 'typebox'

import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { problems } from './problems.ts'

const Healthy = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false })
const tags = ['health']
const CACHED_MS = 1000 // however many balancers ask, the dependencies are asked once a second

export const healthRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const ready = remembered(() => probe(deps), CACHED_MS)

  app.get('/live', { schema: live }, async () => ({ status: 'ok' as const }))
  app.get('/ready', { schema: readiness }, async () => {
    await ready()
    return { status: 'ok' as const }
  })
}

const live = {
  tags,
  summary: 'The process answers',
  response: { 200: Healthy, ...problems() }
}

const readiness = {
  tags,
  summary: 'Postgres is migrated and the bucket answers',
  response: { 200: Healthy, ...problems('DATABASE_UNAVAILABLE', 'STORAGE_UNAVAILABLE') }
}

async function probe({ db, bucket }: Deps) {
  // The newest thing that a migration makes: without it this version cannot work.
  const migrated = sql`select to_regproc('was_erased') is not null as migrated`
  const [[row]] = await Promise.all([db.execute<{ migrated: boolean }>(migrated), bucket.ping()])
  if (!row?.migrated) throw problem('DATABASE_UNAVAILABLE', 'The database is not migrated.')
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
