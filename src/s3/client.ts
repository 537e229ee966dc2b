// The SDK clients: one that talks to S3, one that signs for the endpoint clients will use.

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'
import { holdCredentials } from './credentials.ts'
import { rememberForms } from './post-policy.ts'
import { rememberSigner } from './signed-url.ts'

export type S3Config = Config['s3']
/** Where the store is and who we are there. */
export type Connection = Omit<S3Config, 'bucket' | 'store' | 'method' | 'cdn'>

/**
 * They share credentials. `sender` performs calls and repeats them, `copier` never repeats any,
 * `signer` is only ever asked to sign; `signUrls` and `signForms` do what it does for a GET and for
 * a form, faster.
 */
export function openClients(config: Connection) {
  const sender = openClient(config, config.endpoint)
  const shared = { ...config, credentials: sender.config.credentials }
  // A COPY that seems lost may still be running: repeated to the same key, the first could land
  // after the second was verified, with whatever the grant has put into staging by then.
  const copier = openClient(shared, config.endpoint, 1)
  // The host is part of every signature: what a browser will use must be signed for the host it sees.
  const signer = openClient(shared, config.publicEndpoint)
  // Asked for anew each time: who sets other credentials means them to be used.
  const credentialsFor = holdCredentials((options) => signer.config.credentials(options))
  const close = () => [sender, copier, signer].forEach((client) => void client.destroy())
  return {
    sender,
    copier,
    signer,
    signUrls: rememberSigner(signer, credentialsFor),
    signForms: rememberForms(signer, credentialsFor),
    close
  }
}

function openClient(
  config: Omit<Connection, 'credentials'> & Pick<S3ClientConfig, 'credentials'>,
  endpoint: string | undefined,
  maxAttempts = 3
) {
  return new S3Client({
    region: config.region,
    endpoint,
    forcePathStyle: config.pathStyle,
    credentials: config.credentials,
    maxAttempts,
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
