// A crash of Postgres: one of its backends is killed, it throws out everybody and recovers by itself.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Sql } from 'postgres'

const RECOVERY_MS = 30_000

/** Answers how many crashes there were: none when no backend of an instance could be found. */
export async function crash(sql: Sql) {
  const [backend] = await sql`
    select pid from pg_stat_activity where application_name = 'directo' limit 1`
  if (!backend) return 0
  process.kill(backend.pid, 'SIGKILL')
  for (const since = Date.now(); Date.now() - since < RECOVERY_MS; await sleep(50)) {
    if (await sql`select 1`.catch(() => null)) return 1
  }
  throw new Error('Postgres did not recover')
}
