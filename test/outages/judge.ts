// Whether a service came through an outage as it should: a sentence for everything it did not do.

import { type Asked, WORKERS } from './load.ts'
import type { Held } from './measure.ts'
import { type Outage, REPEATED } from './outage.ts'

export interface Course {
  asked: Asked[]
  /** Prepared uploads that could not be confirmed afterwards. */
  lost: Asked[]
  health: { slowestLive: number; deaths: string[]; unreadySeen: boolean }
  /** Milliseconds from the end of the outage until it was ready. */
  recoveredMs: number | null
  calls: Map<string, number>
  before: Held
  after: Held
  isRunning: boolean
}

// Generous: no measure of speed, only of whether something grows or hangs.
export const BOUND_MS = 15_000 // for an answer, whose own deadline is 4 s
const LIVE_MS = 5000
const MEMORY_MIB = 80
const FILES = 40
export const POOL = 10

export function judge(outage: Outage, course: Course): string[] {
  const { lost, health, recoveredMs, isRunning } = course
  const problems: string[] = []
  if (!isRunning) problems.push('the process ended')
  if (health.deaths.length > 0) problems.push(`/health/live answered ${health.deaths.join()}`)
  if (health.slowestLive > LIVE_MS) problems.push(`/health/live took ${health.slowestLive} ms`)
  if (health.unreadySeen !== outage.unready) problems.push('/health/ready did not tell the truth')
  if (recoveredMs === null) problems.push('/health/ready did not become 200 again')
  for (const { status, code } of lost) problems.push(`a confirm afterwards: ${status} ${code}`)
  return [...problems, ...answers(outage, course), ...storm(outage, course), ...leaks(course)]
}

function answers({ suffers, code }: Outage, { asked }: Course) {
  const problems = asked.flatMap((answer) => {
    const { name, status, ms, retryAfter } = answer
    const said = `${name} was answered ${status} ${answer.code}`
    if (ms > BOUND_MS) return [`${said} after ${Math.round(ms)} ms`]
    if (status === 503 && !retryAfter) return [`${said} without a time to wait`]
    const mayFail = suffers.includes(name) && status === 503
    const isTheirs = [code, 'CONFIRM_INTERRUPTED'].includes(answer.code)
    if (mayFail && isTheirs) return []
    // An abort or a look may come after what it is about has been settled.
    return status >= 200 && status < 500 && status !== 429 ? [] : [said]
  })
  if (!asked.some(({ status }) => status === 503)) problems.push('nobody was told of the outage')
  return [...new Set(problems)]
}

// At either end some are at any of their steps, and are not among the answers.
const UNDER_WAY = 2 * WORKERS

function storm({ callsPerConfirm = {} }: Outage, { asked, calls }: Course) {
  const confirms = asked.filter(({ name }) => name === 'confirm').length
  return Object.entries(callsPerConfirm).flatMap(([verb, most]) => {
    const made = calls.get(verb) ?? 0
    return made > confirms * most + UNDER_WAY * REPEATED
      ? [`${made} × ${verb} for ${confirms} confirms`]
      : []
  })
}

function leaks({ before, after }: Course) {
  const problems: string[] = []
  if (after.memoryMiB > before.memoryMiB + MEMORY_MIB) problems.push('memory grew')
  if (after.files > before.files + FILES) problems.push('open files and sockets grew')
  if (after.connections > POOL) problems.push('connections to Postgres grew')
  if (after.idleInTransaction > 0) problems.push('a connection is idle in a transaction')
  return problems.map((problem) => `${problem}: ${told(before)}, then ${told(after)}`)
}

export const told = ({ memoryMiB, files, connections, idleInTransaction }: Held) =>
  `${memoryMiB} MiB, ${files} files, ${connections} connections, ${idleInTransaction} idle in transaction`
