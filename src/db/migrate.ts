// Brings a database to the schema this version needs.

import { fileURLToPath } from 'node:url'

import postgres from 'postgres'

import { migrate as apply, drizzle } from './drizzle.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))
const LOCK = 4_733_012 // any number, the same in every version: instances starting together take turns
const TURN = '5min'
const PATIENCE_MS = 5000

/**
 * Applies the migrations that are missing, all or none; safe to call from many processes at once,
 * and beside instances that serve, of this version or of the one before.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}) {
  const { folder = MIGRATIONS, patienceMs = PATIENCE_MS } = options
  const client = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  try {
    await client.unsafe(`set lock_timeout = '${TURN}'`)
    await client`select pg_advisory_lock(${LOCK})`
    // Whoever waits for a table makes everybody after it wait: better to fail and be called again.
    await client.unsafe(`set lock_timeout = ${patienceMs}`)
    await apply(drizzle(client), { migrationsFolder: folder })
  } finally {
    await client.end({ timeout: 5 })
  }
}

export interface MigrateOptions {
  /** As drizzle-kit leaves it. */
  folder?: string
  /** How long a migration may wait for a table that others use. */
  patienceMs?: number
}
