// Every deliberate error: its code, its status and the sentence a person reads.

import type { Reason } from './reasons.ts'

/** An error that is an answer. `code` is stable; the message is for people and may be reworded. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds?: number
  readonly reasons?: Reason[]

  constructor(status: number, code: string, message: string, more: Partial<ProblemDetails> = {}) {
    super(message)
    this.status = status
    this.code = code
    Object.assign(this, more)
  }
}
type ProblemDetails = Pick<Problem, 'retryAfterSeconds' | 'reasons' | 'cause'>

/** code → status, default sentence, seconds to wait where trying again makes sense. */
export const catalogue = {
  BAD_REQUEST: [400, 'The request is malformed.'],
  INVALID_REQUEST: [400, 'The request does not fit its schema.'],
  UNAUTHENTICATED: [401, 'A valid bearer token is required.'],
  USER_ERASED: [401, 'This user was erased after the token was issued.'],
  FORBIDDEN: [403, 'The token does not allow this.'],
  NOT_FOUND: [404, 'There is nothing at this address.'],
  UPLOAD_NOT_FOUND: [404, 'There is no such upload.'],
  AVATAR_NOT_FOUND: [404, 'This user has no avatar.'],
  METHOD_NOT_ALLOWED: [405, 'This address does not take this method; `allow` says which.'],
  REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  OBJECT_MISSING: [409, 'No bytes have arrived yet: send them, then confirm again.', 1],
  OBJECT_CHANGED: [409, 'The bytes were replaced while they were confirmed: confirm again.', 1],
  UPLOAD_CONFIRMED: [409, 'The upload is confirmed and can no longer be aborted.'],
  UPLOAD_ABORTED: [409, 'The upload was aborted.'],
  UPLOAD_EXPIRED: [410, 'The upload expired before it was confirmed.'],
  PAYLOAD_TOO_LARGE: [413, 'The request body is too large.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Send application/json.'],
  CONTENT_TYPE_NOT_ALLOWED: [422, 'This content type is not accepted.'],
  SIZE_NOT_ALLOWED: [422, 'An object of this size is not accepted.'],
  OBJECT_REJECTED: [422, 'The object is refused; the reasons say why.'],
  TOO_MANY_OPEN_UPLOADS: [429, 'Too many uploads are open: confirm or abort some.', 30],
  RATE_LIMITED: [429, 'Too many requests.', 1],
  HEADERS_TOO_LARGE: [431, 'The headers of the request are too large.'],
  INTERNAL: [500, 'Internal error.'],
  STORAGE_UNAVAILABLE: [503, 'The object storage does not answer.', 2],
  DATABASE_UNAVAILABLE: [503, 'The database does not answer.', 2],
  IDENTITY_UNAVAILABLE: [503, 'The keys that tokens are verified with cannot be fetched.', 5],
  INSTANCE_CLOSING: [503, 'This instance is closing: ask another one.', 1],
  OVERLOADED: [503, 'The service has too much to do.', 2],
  CONFIRM_INTERRUPTED: [503, 'The confirm took too long and was given up: confirm again.', 1]
} as const satisfies Record<string, readonly [number, string, number?]>

export type ProblemCode = keyof typeof catalogue

/** Makes the catalogue's error; `detail` says more than the default sentence where it can. */
export function problem(code: ProblemCode, detail?: string, more: Partial<ProblemDetails> = {}) {
  const [status, sentence, retryAfterSeconds] = catalogue[code]
  return new Problem(status, code, detail ?? sentence, { retryAfterSeconds, ...more })
}
