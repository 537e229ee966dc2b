// Everything that talks to S3, and what signs for the endpoint that clients will use.

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'
import { holdCredentials } from './credentials.ts'
import { rememberPlaces } from './place.ts'
import { openPlain } from './plain.ts'
import { formSigner } from './post-policy.ts'
import { urlSigner } from './signed-url.ts'

export type S3Config = Config['s3']
/** Where the store is and who we are there. */
export type Connection = Omit<S3Config, 'bucket' | 'store' | 'method' | 'cdn'>

/**
 * They share credentials. `sender` performs calls, three times at most; `plain` sends one as it is,
 * once, and `repeater` what went wrong there, twice at most; `signer` is only ever asked to sign;
 * `signUrls` and `signForms` do what it does for a GET and for a form, faster.
 */
export function openClients(config: Connection) {
  const sender = openClient(config, config.endpoint)
  const shared = { ...config, credentials: sender.config.credentials }
  const repeater = openClient(shared, config.endpoint, 2)
  // The host is part of every signature: what a browser will use must be signed for the host it sees.
  const signer = openClient(shared, config.publicEndpoint)
  // Asked for anew each time: who sets other credentials means them to be used.
  const credentialsFor = holdCredentials((options) => signer.config.credentials(options))
  const placeFor = rememberPlaces(signer)
  const plain = openPlain(repeater, credentialsFor)
  const close = () => [sender, repeater, signer, plain].forEach((one) => void one.destroy())
  return {
    sender,
    repeater,
    signer,
    signUrls: urlSigner(placeFor, credentialsFor),
    signForms: formSigner(placeFor, credentialsFor),
    plain,
    replaceCredentials: credentialsFor.replace,
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
