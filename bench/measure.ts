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
