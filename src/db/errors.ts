// What Postgres and its client mean by their errors.

import { setTimeout as sleep } from 'node:timers/promises'

import { DrizzleQueryError } from './drizzle.ts'

// still referenced, serialization failure, deadlock, the operator's lock_timeout
const CONFLICTS = ['23503', '40001', '40P01', '55P03']

// refused to let us in, no such database, connection exceptions, cannot connect now, too many
// connections, read-only, statement timeout, unreachable
const AWAY =
  /^(28...|3D000|08...|57P0[1235]|57014|53...|25006|25P03|ECONN\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(HOST|NET)UNREACH|EHOSTDOWN|EADDRNOTAVAIL)$/
// The other side speaks no TLS, or its certificate is not the one that it should have.
const UNTRUSTED = /^(EPROTO|ERR_(SSL|TLS)_\w+|\w*CERT\w*|UNABLE_TO_\w+|HOSTNAME_MISMATCH)$/
const AWAY_CLIENT = /^(DATABASE_DEADLINE|CONNECT_TIMEOUT|CONNECTION_(CLOSED|ENDED|DESTROYED))$/

// Postgres throws us out, the socket broke, the client noticed
const LOST = /^(57P0[12]|ECONN\w+|EPIPE|ETIMEDOUT|CONNECTION_(CLOSED|ENDED|DESTROYED))$/

/**
 * Postgres is away, too busy to answer, or chose others over us three times: later may be better.
 * What was under way may or may not have happened.
 */
export const isDatabaseAway = (err: unknown) => {
  const code = errorCode(err)
  return (
    [AWAY, AWAY_CLIENT, UNTRUSTED].some((codes) => codes.test(code)) || CONFLICTS.includes(code)
  )
}

/** The connection is gone, and with it the transaction that it carried. */
export const isConnectionLost = (err: unknown) => LOST.test(errorCode(err))

/** This session was ended, and most likely the others of the pool too. */
export const isSessionEnded = (err: unknown) =>
  /^(57P0[12]|CONNECTION_CLOSED|ECONNRESET|EPIPE)$/.test(errorCode(err))

/** This session may go on at what used to be the primary; the new one is only found by connecting anew. */
export const isReadOnly = (err: unknown) => errorCode(err) === '25006'

/** What went wrong, without the statement and its parameters, which are no business of a log. */
export const withoutQuery = (err: unknown) =>
  err instanceof DrizzleQueryError ? (err.cause ?? err) : err

/** SQLSTATE, or the code of the client or the socket; Drizzle hides it among the causes. */
export function errorCode(err: unknown): string {
  for (let at = err, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}

/** Runs a transaction again when Postgres chose it as the one to yield; three times at most. */
export async function retryConflicts<Result>(transaction: () => Promise<Result>, attempts = 3) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction()
    } catch (err) {
      if (attempt === attempts || !CONFLICTS.includes(errorCode(err))) throw err
      await sleep(Math.random() * 20 * attempt)
    }
  }
}
