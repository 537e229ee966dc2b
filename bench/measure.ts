// Figures: percentiles, and the memory of a process over time.

import { readFileSync } from 'node:fs'

/** The value that so much of all values (0.99) does not exceed. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Looks at the resident memory of a process, in MB, until it is told to stop. */
export function watchMemory(pid: number, everyMs = 500) {
  const samples: number[] = []
  const timer = setInterval(() => {
    const now = residentMB(pid)
    if (now !== null) samples.push(now)
  }, everyMs)
  return () => {
    clearInterval(timer)
    return samples
  }
}

/** Resident memory where the system tells, as Linux does. */
export function residentMB(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1000
  } catch {
    return null
  }
}

/** So many of the values, evenly from first to last. */
export function curve(values: number[], points = 10): number[] {
  const step = (values.length - 1) / (points - 1)
  return Array.from({ length: points }, (_, i) => Math.round(values[Math.round(i * step)] ?? 0))
}

/** From when to when something was under way, in milliseconds of one clock. */
export interface Span {
  from: number
  to: number
}

/** The most spans of which each begins after the one before has ended: what had to wait in turn. */
export function inTurn(spans: Span[]): number {
  let count = 0
  let end = Number.NEGATIVE_INFINITY
  for (const { from, to } of spans.toSorted((a, b) => a.to - b.to)) {
    if (from < end) continue
    count += 1
    end = to
  }
  return count
}

export const mean = (values: number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

export const median = (values: number[]) => percentile(values, 0.5)
