// What went wrong with a check, in one line and without a stack.

import { S3ServiceException } from '@aws-sdk/client-s3'

import { typeOf } from '../log.ts'

/** The sentence of an error or, where it says little itself, of what caused it. */
export function sentence(err: unknown): string {
  // The answer to a HEAD has no body: the SDK knows nothing but its status.
  if (isRefusal(err)) return `${statusOf(err)} ${typeOf(err)}`.replace(/ Unknown\w*$/, '')
  const { name, message, cause } = err as Error & { code?: string }
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time'
  if (cause instanceof Error) return sentence(cause)
  return message || (err as { code?: string }).code || name
}

/** S3 answered, and not as was wished. */
export const isRefusal = (err: unknown): err is S3ServiceException =>
  err instanceof S3ServiceException && err.$metadata.httpStatusCode !== undefined

export const statusOf = (err: unknown) => (isRefusal(err) ? err.$metadata.httpStatusCode! : 0)

/** The store has no such call. Some do not look at `?publicAccessBlock` and make the bucket once more. */
export const isUnknownCall = (err: unknown) =>
  [405, 501].includes(statusOf(err)) ||
  (isRefusal(err) && /^(NotImplemented|BucketAlready\w+)$/.test(err.name))

export const isForbidden = (err: unknown) => statusOf(err) === 403
