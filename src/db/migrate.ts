// Brings a database to the schema this version needs.

import { fileURLToPath } from 'node:url'

import postgres from 'postgres'

import { migrate as apply, drizzle } from './drizzle.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))
const LOCK = 4_733_012 // any number, the same in every version: instances starting together take turns
const TURN = '5min'
const PATIENCE = '5s'

/** Applies the migrations that are missing; safe to call from many processes at once. */
export async function migrate(databaseUrl: string) {
  const client = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  try {
    await client.unsafe(`set lock_timeout = '${TURN}'`)
    await client`select pg_advisory_lock(${LOCK})`
    // Whoever waits for a table makes everybody after it wait: better to fail and be called again.
    await client.unsafe(`set lock_timeout = '${PATIENCE}'`)
    await apply(drizzle(client), { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end({ timeout: 5 })
  }
}
