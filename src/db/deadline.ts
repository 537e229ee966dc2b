// No call to Postgres waits without end, whatever the network does.

import type { Sql } from 'postgres'

const SILENCE_MS = 1000 // beyond the deadline, when Postgres itself would have ended the statement

/** Postgres gave no answer in time; what was sent may still be carried out. */
export class DeadlineError extends Error {
  readonly code = 'DATABASE_DEADLINE'
  constructor(ms: number) {
    super(`Postgres gave no answer within ${ms} ms`)
  }
}

/**
 * The client, its calls bounded. The library itself tries to connect for as long as something
 * accepts and hangs up, as a load balancer without a live backend does, and waits for ever on a
 * connection that has gone silent.
 * @param silent is called when a statement that was sent is not even ended by Postgres's own timeout
 * @throws {DeadlineError} from every call that takes longer
 */
export function withDeadline(client: () => Sql, ms: number, silent: () => void): Sql {
  return intercept(client, {
    unsafe: (...args: Parameters<Sql['unsafe']>) => bounded(client().unsafe(...args), ms, silent),
    begin: (work: (tx: Sql) => Promise<unknown>) => boundedTransaction(client(), work, ms, silent)
  })
}

type Query = ReturnType<Sql['unsafe']>

// Drizzle awaits a query or its values(), nothing else; until then the query has not started.
function bounded(query: Query, ms: number, silent: () => void) {
  const run = (started: Promise<unknown>) => {
    let answered = false
    const settled = () => {
      answered = true
    }
    started.then(settled, settled)
    return within(started, ms, () => {
      // Still in line for a connection: taken out, so that it is not carried out long after.
      if (!('state' in query && query.state)) return query.cancel()
      setTimeout(() => answered || silent(), SILENCE_MS).unref()
    })
  }
  const then: Promise<unknown>['then'] = (done, failed) => run(query).then(done, failed)
  return { values: () => run(query.values()), then }
}

function boundedTransaction(
  client: Sql,
  work: (tx: Sql) => Promise<unknown>,
  ms: number,
  silent: () => void
) {
  let expired = false
  const begun = client.begin((tx) => {
    const unsafe = (...args: Parameters<Sql['unsafe']>) => {
      if (expired) throw new DeadlineError(ms) // rolls back
      return bounded(tx.unsafe(...args), ms, silent)
    }
    return work(intercept(() => tx as unknown as Sql, { unsafe }))
  })
  return within(begun, ms, () => {
    expired = true
  })
}

function within<Result>(promise: Promise<Result>, ms: number, giveUp: () => void) {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new DeadlineError(ms))
    giveUp()
  }, ms)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function intercept(client: () => Sql, instead: object): Sql {
  return new Proxy(client(), {
    get: (_, name) => Reflect.get(Object.hasOwn(instead, name) ? instead : client(), name)
  })
}
