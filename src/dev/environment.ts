// The settings by which the service reaches a sandbox.

import type { Sandbox } from './sandbox/server.ts'

export const environmentOf = ({ endpoint, region, credentials }: Sandbox, bucket: string) => ({
  S3_BUCKET: bucket,
  S3_ENDPOINT: endpoint,
  S3_PATH_STYLE: 'true',
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey
})
