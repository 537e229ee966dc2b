// The SDK clients: one that talks to S3, one that signs for the endpoint clients will use.

import { S3Client } from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'

export type S3Config = Config['s3']

/** Both clients share credentials; `sender` performs calls, `signer` is only ever asked to sign. */
export function openClients(config: S3Config) {
  const sender = openClient(config, config.endpoint)
  // The host is part of every signature: what a browser will use must be signed for the host it sees.
  const signer = openClient(config, config.publicEndpoint)
  const close = () => [sender, signer].forEach((client) => void client.destroy())
  return { sender, signer, close }
}

function openClient(config: S3Config, endpoint: string | undefined) {
  return new S3Client({
    region: config.region,
    endpoint,
    forcePathStyle: config.pathStyle,
    credentials: config.credentials,
    maxAttempts: 3,
    // The default puts the CRC32 of an empty body into presigned URLs, and several stores then
    // refuse every upload (aws-sdk-js-v3#6810 and its relatives).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK has no request timeout by default: a silent store would hold a confirm for ever.
    requestHandler: {
      connectionTimeout: Math.min(config.deadlineMs, 2_000),
      requestTimeout: config.deadlineMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 100, keepAlive: true },
      httpsAgent: { maxSockets: 100, keepAlive: true }
    }
  })
}
