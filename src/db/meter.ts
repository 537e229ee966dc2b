// Calls to Postgres: how many are under way, how long they take, and what came of them.

import type { Metrics } from '../metrics/metrics.ts'
import type { Histogram } from '../metrics/registry.ts'
import type { Meter } from './metered.ts'

/** Counts what the pool is asked; calls beyond its `size` wait for a connection. */
export function meterDatabase(metrics: Metrics, size: number): Meter {
  const { registry, database } = metrics
  const series = new Map<string, Record<'done' | 'failed', Histogram>>()
  let running = 0
  registry.reading(
    { name: 'directo_database_calls', help: 'Calls to Postgres under way or waiting.' },
    () => running
  )
  registry.reading(
    { name: 'directo_database_pool_connections', help: 'Connections it may hold at most.' },
    () => size
  )
  function seriesOf(operation: string) {
    const known = series.get(operation)
    if (known) return known
    const made = { done: database(operation, 'done'), failed: database(operation, 'failed') }
    series.set(operation, made)
    return made
  }
  return (operation) => {
    const { done, failed } = seriesOf(operation)
    const beganAt = performance.now()
    running++
    return (hasFailed) => {
      running--
      const histogram = hasFailed ? failed : done
      histogram.observe((performance.now() - beganAt) / 1000)
    }
  }
}
