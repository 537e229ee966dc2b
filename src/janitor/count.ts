// What a sweep did, on the counters of the instance that did it.

import type { Metrics } from '../metrics/metrics.ts'
import type { Swept } from './sweep.ts'

type Counts = Pick<Swept, 'discarded' | 'abandoned' | 'purged' | 'failed' | 'forgotten'>

export function countSweep({ janitor, uploads }: Metrics, swept: Counts, isDone: boolean) {
  janitor.sweeps[isDone ? 'done' : 'failed'].add()
  uploads.expired.add(swept.discarded)
  janitor.abandoned.add(swept.abandoned)
  janitor.purged.add(swept.purged)
  janitor.failed.add(swept.failed)
  janitor.forgotten.add(swept.forgotten)
}
