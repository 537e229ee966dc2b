// No call to Postgres waits without end, whatever the network does.

import type { Sql } from 'postgres'

import { TRANSACTION, type Watch } from '../calls.ts'
import { isConnectionLost, isReadOnly, isSessionEnded } from './errors.ts'

const SILENCE_MS = 1000 // more than Postgres needs to end a statement by its own timeout

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
 * @param useless is called with a client that has no connection to give, one that has gone silent, or
 *   one whose session Postgres has ended or lets write no more; with the error if there was one
 * @throws {DeadlineError} from every call that takes longer
 */
export function withDeadline(client: () => Sql, { ms, useless, watch }: Bounds): Sql {
  const boundOf = (used: Sql): Bound => ({ ms, useless: (err) => useless(used, err) })
  return intercept(client, {
    unsafe: (text: string, parameters?: Parameters) => {
      const used = client()
      const query = used.unsafe(text, parameters, preparedBy(used))
      return bounded(query, boundOf(used), (work) => watch('postgres', text, work))
    },
    begin: (work: (tx: Sql) => Promise<unknown>) => {
      const used = client()
      const transaction = () => boundedTransaction(used, work, boundOf(used), watch)
      return watch('postgres', TRANSACTION, transaction)
    }
  })
}

interface Bounds {
  ms: number
  useless: (client: Sql, err?: unknown) => void
  watch: Watch
}
type Bound = Pick<Bounds, 'ms'> & { useless: (err?: unknown) => void }

type Query = ReturnType<Sql['unsafe']>
type Parameters = globalThis.Parameters<Sql['unsafe']>[1]

// Once for each connection: left to Drizzle, every statement is parsed and described anew, which is a
// round trip of its own. `?prepare=false` in the address is for poolers that change the connection.
// What Postgres has forgotten (after a migration, or behind such a pooler) the library prepares again, but
// then it gives the answers of whatever it sent behind on the same connection to the wrong queries, one
// user's avatar to another: so nothing is sent behind.
const preparedBy = ({ options: { prepare } }: Sql): Options => ({ prepare, onexecute: () => false })
type Options = { prepare: boolean; onexecute: () => boolean } // the types know the first alone

// Drizzle awaits a query or its values(), nothing else; until then the query has not started.
function bounded(
  query: Query,
  { ms, useless }: Bound,
  watched: (work: () => Promise<unknown>) => Promise<unknown>
) {
  const run = (started: Promise<unknown>) => {
    started.catch(whenEnded(useless))
    const whenSilent = awaitAnswer(started, ms, useless)
    const giveUp = () => {
      if ('state' in query && query.state) return whenSilent()
      // Taken out of the line, so that it is not carried out long after. A connection that was being
      // made for it is lost to the library when it is up at last.
      query.cancel()
      useless()
    }
    return watched(() => within(started, ms, giveUp))
  }
  const then: Promise<unknown>['then'] = (done, failed) => run(query).then(done, failed)
  return { values: () => run(query.values()), then }
}

function boundedTransaction(
  client: Sql,
  work: (tx: Sql) => Promise<unknown>,
  bound: Bound,
  watch: Watch
) {
  const { ms, useless } = bound
  let expired = false
  const begun = client.begin((tx) => {
    const unsafe = (text: string, parameters?: Parameters) => {
      if (expired) throw new DeadlineError(ms) // rolls back
      const query = tx.unsafe(text, parameters, preparedBy(client))
      return bounded(query, bound, (run) => watch('step', text, run))
    }
    return work(intercept(() => tx as unknown as Sql, { unsafe })).catch(silentIfLost)
  })
  begun.catch(whenEnded(useless))
  const whenSilent = awaitAnswer(begun, ms, useless)
  return within(begun, ms, () => {
    expired = true
    whenSilent()
  })
}

// The library keeps what Postgres told an idle session that it ended, and answers the first call on the
// connection that takes its place with it: one needless 503 for each slot of the pool.
const whenEnded = (useless: Bound['useless']) => (err: unknown) => {
  if (isSessionEnded(err) || isReadOnly(err)) useless(err)
}

// Hearing of it, the library would send ROLLBACK to a socket that is no more, outside of every call, and
// that ends the process (porsager/postgres#1154, #1208). It rejects a lost transaction by itself.
function silentIfLost(err: unknown): Promise<never> {
  if (isConnectionLost(err)) return new Promise(() => {})
  throw err
}

// A statement that waited in line may lawfully run as long again before Postgres itself ends it.
function awaitAnswer(started: Promise<unknown>, ms: number, useless: () => void) {
  let answered = false
  const settle = () => {
    answered = true
  }
  started.then(settle, settle)
  return () => void setTimeout(() => answered || useless(), ms + SILENCE_MS).unref()
}

function within<Result>(promise: Promise<Result>, ms: number, giveUp: () => void) {
  return new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DeadlineError(ms))
      giveUp()
    }, ms)
    const settle =
      <Value>(settled: (value: Value) => void) =>
      (value: Value) => {
        clearTimeout(timer)
        settled(value)
      }
    promise.then(settle(resolve), settle(reject))
  })
}

function intercept(client: () => Sql, instead: object): Sql {
  return new Proxy(client(), {
    get: (_, name) => Reflect.get(Object.hasOwn(instead, name) ? instead : client(), name)
  })
}
