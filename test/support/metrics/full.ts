// A page with all there can be on it: every metric, and every label that one has.

import type { Usage } from '../../../src/janitor/usage.ts'
import { meterCalls } from '../../../src/metrics/calls.ts'
import { openMetrics } from '../../../src/metrics/metrics.ts'
import { openPage } from '../../../src/routes/metrics-page.ts'
import { readPage } from './page.ts'

const nothing = { objects: 0, bytes: 0 }
const usage: Usage = {
  openUploads: 0,
  live: nothing,
  staged: nothing,
  unreferenced: nothing,
  due: 0,
  oldestDueSeconds: 0,
  dangling: 0,
  walkedAt: 0,
  computedAt: 0
}

/** What documents, dashboard and alerts may speak of; a test holds it to the page of a real process. */
export async function fullPage() {
  const metrics = openMetrics()
  meterCalls(metrics, 10)
  metrics.requests('/', 'GET', '2xx')
  metrics.database('select', 'done')
  const now = () => new Date()
  const page = openPage(metrics, {
    usage: async () => usage,
    credentialsEnd: async () => now(),
    now
  })
  return readPage(await page())
}
