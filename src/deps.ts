// What every domain function receives first.

import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Bucket } from './s3/bucket.ts'

export interface Deps {
  config: Config
  db: Database
  bucket: Bucket
  /** The clock of this process, used for signing alone; expiry is judged by the database's. */
  now: () => Date
  /** Once aborted, no further step is begun. */
  signal?: AbortSignal
  /** Only where somebody reads them. */
  metrics?: Metrics
}
