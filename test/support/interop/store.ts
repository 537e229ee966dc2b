// The S3 that the environment names for the interop run.

import type { Server } from '../../../src/dev/environment.ts'

const { TEST_S3_ENDPOINT, TEST_S3_REGION = 'us-east-1', TEST_S3_STORE = 'aws' } = process.env

export const MISSING =
  'no store is named: set TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY and TEST_S3_STORE'

/** Null when none is named. */
export const given: (Server & { store: string }) | null = TEST_S3_ENDPOINT
  ? {
      endpoint: TEST_S3_ENDPOINT,
      region: TEST_S3_REGION,
      credentials: {
        accessKeyId: process.env.TEST_S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: process.env.TEST_S3_SECRET_ACCESS_KEY ?? ''
      },
      store: TEST_S3_STORE
    }
  : null
