// Our connection to Postgres.

import postgres, { type Sql } from 'postgres'

import { unwatched } from '../calls.ts'
import type { Config } from '../config.ts'
import { withDeadline } from './deadline.ts'
import { drizzle } from './drizzle.ts'
import { isReadOnly } from './errors.ts'
import * as schema from './schema.ts'

const AGAIN_MS = 1000

export type Database = ReturnType<typeof openDatabase>['db']
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/**
 * Opens a pool; nothing connects before the first query. `close` waits a little for what is running.
 * `watch` sees each call.
 */
export function openDatabase(config: Pick<Config, DatabaseSettings>, watch = unwatched) {
  let client = connect(config)
  const retired = new Set<typeof client>()
  // A pool whose connections have gone silent would wait for them until TCP gives up. What still
  // works of it may finish what it is doing, but keeps no process from ending.
  let readOnlyAt = Number.NEGATIVE_INFINITY
  function renew(used: typeof client, err?: unknown) {
    if (used !== client) return
    if (isReadOnly(err)) {
      // Every write says so: reads, which go on, would need a new connection for each of them.
      if (performance.now() - readOnlyAt < AGAIN_MS) return
      readOnlyAt = performance.now()
    }
    client = connect(config)
    retired.add(used)
    used.close().catch(() => {})
    setTimeout(() => end(used, 0), config.databaseDeadlineMs).unref()
  }
  function end(used: typeof client, timeoutSeconds: number) {
    retired.delete(used)
    return used.end({ timeout: timeoutSeconds }).catch(() => {})
  }
  const close = (timeoutSeconds = 5) =>
    Promise.all([client, ...retired].map((one) => end(one, timeoutSeconds)))
  const bounded = withDeadline(() => client, {
    ms: config.databaseDeadlineMs,
    useless: (used, err) => renew(used as Closable, err),
    watch
  })
  const db = drizzle(bounded, { schema })
  return { db, close }
}

// Lets go of every connection as soon as it is idle; the library has it, its types do not. Its end() would
// do so too, but holds the process for the whole of its timeout.
type Closable = Sql & { close: () => Promise<void> }

type DatabaseSettings = 'databaseUrl' | 'databasePool' | 'databaseDeadlineMs'

function connect(config: Pick<Config, DatabaseSettings>) {
  const client = postgres(config.databaseUrl, {
    max: config.databasePool,
    connect_timeout: Math.ceil(config.databaseDeadlineMs / 1000),
    idle_timeout: 60,
    // The library's own pauses grow to 20 s, longer than anybody waits: what was given up meanwhile
    // connected all the same, and ten seconds without Postgres left 60 connections of a pool of 10.
    backoff: (retries: number) => pauseSeconds(retries, config.databaseDeadlineMs),
    // Asked on its own account, outside of every call: its failure would end the process.
    fetch_types: false,
    onnotice: () => {},
    connection: {
      application_name: 'directo',
      DateStyle: 'ISO', // times come as text, and go back as it
      statement_timeout: config.databaseDeadlineMs,
      idle_in_transaction_session_timeout: config.databaseDeadlineMs
    }
  }) as Closable
  drizzle(client) // sets the client's parsers to what Drizzle expects of every client
  return client
}

const pauseSeconds = (retries: number, deadlineMs: number) =>
  Math.min(3 ** retries / 100, deadlineMs / 4000) * (0.5 + Math.random() / 2)
