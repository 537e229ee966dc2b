// The settings by which the service reaches a sandbox, or another S3 like it.

import type { Sandbox } from './sandbox/server.ts'

/** Where an S3 is, and who we are there. */
export type Server = Pick<Sandbox, 'endpoint' | 'region' | 'credentials'>

export const environmentOf = ({ endpoint, region, credentials }: Server, bucket: string) => ({
  S3_BUCKET: bucket,
  S3_ENDPOINT: endpoint,
  S3_PATH_STYLE: 'true',
  STORE: 'sandbox',
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey
})
