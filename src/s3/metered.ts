// The bucket's verbs, each with how long it took and what came of it.

import type { Metrics } from '../metrics/metrics.ts'
import type { Histogram } from '../metrics/registry.ts'
import type { Bucket } from './bucket.ts'

// Those that call S3, and what they are called on the page; signing is no call.
const verbs = {
  head: 'head',
  readRange: 'read',
  hash: 'hash',
  promote: 'copy',
  list: 'list',
  delete: 'delete',
  readLabel: 'read_label',
  writeLabel: 'write_label',
  ping: 'ping'
} as const satisfies Partial<Record<keyof Bucket, string>>
type Verb = keyof typeof verbs

const outcomes = ['done', 'absent', 'failed'] as const
type Series = Record<Verb, Record<(typeof outcomes)[number], Histogram>>

/** The same bucket, its calls counted; without metrics it is the bucket itself. */
export function meterBucket(bucket: Bucket, metrics?: Metrics): Bucket {
  if (!metrics) return bucket
  const ofVerb = (verb: Verb) =>
    Object.fromEntries(outcomes.map((outcome) => [outcome, metrics.s3(verbs[verb], outcome)]))
  const names = Object.keys(verbs) as Verb[]
  const series = Object.fromEntries(names.map((verb) => [verb, ofVerb(verb)])) as Series
  return metered(bucket, series)
}

function metered(bucket: Bucket, series: Series): Bucket {
  const copy: Bucket = { ...bucket, within: (signal) => metered(bucket.within(signal), series) }
  for (const verb of Object.keys(verbs) as Verb[]) {
    const call = bucket[verb] as (...given: unknown[]) => Promise<unknown>
    Object.assign(copy, { [verb]: (...given: unknown[]) => observed(call(...given), series[verb]) })
  }
  return copy
}

async function observed(calling: Promise<unknown>, { done, absent, failed }: Series[Verb]) {
  const beganAt = performance.now()
  let series = failed
  try {
    const found = await calling
    series = found === null || found === false ? absent : done
    return found
  } finally {
    series.observe((performance.now() - beganAt) / 1000)
  }
}
