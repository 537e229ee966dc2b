// The process as such, by the names that dashboards for Node know.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

import type { Registry } from './registry.ts'

const RESOLUTION_MS = 10

/** Reads memory, CPU, event loop and files of this process; of files only where Linux tells of them. */
export function watchProcess({ reading }: Registry) {
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    reading({ name, help }, read)
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  lag.enable()

  reading(
    { name: 'process_cpu_seconds_total', help: 'Processor time used.', type: 'counter' },
    () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    }
  )
  const startedAt = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', 'When it started, since 1970.', () => startedAt)
  gauge('process_resident_memory_bytes', 'Memory held.', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Open files and sockets.', openFiles)
  gauge('process_max_fds', 'Most files and sockets it may open.', mostFiles)
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_heap_size_total_bytes', 'Heap held.', () => process.memoryUsage().heapTotal)
  gauge(
    'nodejs_external_memory_bytes',
    'Buffers beside the heap.',
    () => process.memoryUsage().external
  )
  // Since the last reading: what an hour ago held it up is no matter now.
  gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop is, of 100 times once.', () =>
    lateness(lag.percentile(99))
  )
  gauge('nodejs_eventloop_lag_max_seconds', 'How late it was at worst.', () => {
    const most = lateness(lag.max)
    lag.reset()
    return most
  })
  let last = performance.eventLoopUtilization()
  gauge(
    'nodejs_eventloop_utilization_ratio',
    'Which part of the time the event loop worked.',
    () => {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      return utilization
    }
  )
  reading({ name: 'nodejs_version_info', help: 'Which Node it is.', labels: ['version'] }, () => ({
    [process.version]: 1
  }))
}

// It tells how long there was between two looks; before the first it tells nonsense.
const lateness = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)

const FILES = '/proc/self/fd'
const LIMITS = '/proc/self/limits'

const openFiles = () => (existsSync(FILES) ? readdirSync(FILES).length : undefined)

function mostFiles() {
  const limits = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : ''
  const [, most] = /^Max open files +(\d+)/m.exec(limits) ?? []
  return most ? Number(most) : undefined
}
