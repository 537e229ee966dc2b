// What Postgres itself uses: all its processes, where the system tells, as Linux does.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

import type { Sql } from 'postgres'

/** Answers what says, each time, how many microseconds of CPU it has used; NaN where nobody knows. */
export async function postgresUsage(sql: Sql): Promise<() => number> {
  const [{ folder }] = await sql<[{ folder: string }]>`
    select current_setting('data_directory') as folder`
  try {
    const postmaster = readFileSync(`${folder}/postmaster.pid`, 'utf8').split('\n')[0]!
    const microsPerTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
    return () => ticksOf(postmaster) * microsPerTick
  } catch {
    return () => Number.NaN
  }
}

// Of those that have ended, the postmaster knows.
function ticksOf(postmaster: string) {
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [, parent, own, ofChildren] = fieldsOf(pid)
    if (pid === postmaster) ticks += own! + ofChildren!
    if (`${parent}` === postmaster) ticks += own!
  }
  return ticks
}

// After the name, which may contain anything: state, parent, …, utime, stime, cutime, cstime
function fieldsOf(pid: string) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(') ')
      .at(-1)!
      .split(' ')
      .map(Number)
    return [0, fields[1]!, fields[11]! + fields[12]!, fields[13]! + fields[14]!]
  } catch {
    return [] // it has just ended
  }
}
