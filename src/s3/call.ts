// One call to S3: bounded in time, and the SDK's errors translated into ours.

import { NoSuchKey, NotFound, S3ServiceException } from '@aws-sdk/client-s3'

import { problem } from '../errors.ts'
import { typeOf } from '../log.ts'
import { limited } from '../time-limit.ts'
import type { S3 } from './bucket.ts'

/**
 * Runs a call with one deadline over all of the SDK's attempts and over reading the body.
 * Null when the object is absent.
 * @throws {Problem} STORAGE_UNAVAILABLE for everything else that goes wrong, with its cause
 */
export async function call<Result>(
  { deadlineMs, signal, replaceCredentials }: Called,
  send: (options: { abortSignal: AbortSignal }) => Promise<Result>
): Promise<Result | null> {
  try {
    return await limited(deadlineMs, signal, (abortSignal) =>
      send({ abortSignal }).catch(async (err) => {
        // Refused before anything was done, and whoever issues credentials may have others.
        if (!isStale(err) || !(await replaceCredentials())) throw err
        return send({ abortSignal })
      })
    )
  } catch (err) {
    if (isAbsent(err)) return null
    throw unavailable(err)
  }
}

type Called = Pick<S3, 'deadlineMs' | 'signal' | 'replaceCredentials'>

// Revoked, rotated away, or ended by a clock that is not ours; the answer to a HEAD has no name for it.
const isStale = ({ name, $metadata }: { name: string; $metadata?: { httpStatusCode?: number } }) =>
  /^(ExpiredToken|InvalidToken|InvalidAccessKeyId|TokenRefreshRequired)/.test(name) ||
  (/^Unknown/.test(name) && [400, 403].includes($metadata?.httpStatusCode ?? 0))

/** S3 did not do what it should; the client may try again, the log gets the cause. */
export const unavailable = (err: unknown) =>
  problem('STORAGE_UNAVAILABLE', undefined, { cause: told(err) })

// Some S3 errors quote the request they refuse, with its signature and session token: the log and the
// command line get what is listed here and nothing else.
function told(err: unknown) {
  if (!(err instanceof S3ServiceException)) return err
  const { httpStatusCode, requestId, attempts } = err.$metadata
  const name = typeOf(err)
  return Object.assign(new Error(`S3 answered ${httpStatusCode} ${name}`), {
    name,
    httpStatusCode,
    requestId,
    attempts
  })
}

// A 403 is a permission that we lack, never an absent object: the bucket may be fine, we are not.
const isAbsent = (err: unknown) => err instanceof NotFound || err instanceof NoSuchKey

/** The store has no bytes in the range that was asked for. */
export const isOutOfRange = (err: unknown) =>
  err instanceof S3ServiceException && err.$metadata.httpStatusCode === 416
