// What a process holds: memory, open files and sockets, connections to Postgres.

import { readdirSync, readFileSync } from 'node:fs'

import type { Sql } from 'postgres'

export interface Held {
  memoryMiB: number
  files: number
  connections: number
  idleInTransaction: number
}

/** Memory and files are only told by Linux; elsewhere they are 0. */
export async function measure(pid: number, sql: Sql): Promise<Held> {
  const [row] = await sql<[Pick<Held, 'connections' | 'idleInTransaction'>]>`
    select count(*)::int as connections,
      count(*) filter (where state like 'idle in transaction%')::int as "idleInTransaction"
    from pg_stat_activity where application_name = 'directo'`
  return { memoryMiB: memoryMiB(pid), files: files(pid), ...row }
}

function memoryMiB(pid: number) {
  if (process.platform !== 'linux') return 0
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024)
}

const files = (pid: number) =>
  process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : 0
