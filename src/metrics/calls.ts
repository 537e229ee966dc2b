// Calls to S3 and Postgres: how many are under way, how long they take, and what came of them.

import { type S3Verb, s3Verbs, type Watch } from '../calls.ts'
import { operationOf } from '../db/statement.ts'
import type { Metrics } from './metrics.ts'
import type { Histogram } from './registry.ts'

type Outcomes = Record<'done' | 'absent' | 'failed', Histogram>

/** Counts them; a transaction is one, and calls beyond the size of the pool wait for a connection. */
export function meterCalls({ registry, s3, database }: Metrics, poolSize: number): Watch {
  let running = 0
  registry.reading(
    { name: 'directo_database_calls', help: 'Calls to Postgres under way or waiting.' },
    () => running
  )
  registry.reading(
    { name: 'directo_database_pool_connections', help: 'Connections it may hold at most.' },
    () => poolSize
  )
  const ofS3 = Object.fromEntries(
    Object.keys(s3Verbs).map((verb) => [
      verb,
      { done: s3(verb, 'done'), absent: s3(verb, 'absent'), failed: s3(verb, 'failed') }
    ])
  ) as Record<S3Verb, Outcomes>
  const ofPostgres = new Map<string, Outcomes>()

  function ofStatement(text: string) {
    const operation = operationOf(text)
    const known = ofPostgres.get(operation)
    if (known) return known
    const done = database(operation, 'done') // also where it found nothing
    const made = { done, absent: done, failed: database(operation, 'failed') }
    ofPostgres.set(operation, made)
    return made
  }

  return async (to, operation, work) => {
    if (to === 's3') return observed(ofS3[operation as S3Verb], work)
    if (to !== 'postgres') return work()
    running++
    try {
      return await observed(ofStatement(operation), work)
    } finally {
      running--
    }
  }
}

async function observed<Result>(outcomes: Outcomes, work: () => Promise<Result>) {
  const beganAt = performance.now()
  let outcome = outcomes.failed
  try {
    const found = await work()
    outcome = found === null || found === false ? outcomes.absent : outcomes.done
    return found
  } finally {
    outcome.observe((performance.now() - beganAt) / 1000)
  }
}
