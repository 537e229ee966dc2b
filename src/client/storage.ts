// What S3 says in XML, in the client's own words.

import { AvatarUploadError } from './error.ts'
import type { GrantRequest } from './options.ts'
import type { ErrorCode } from './sentences.ts'

const codes: Record<string, ErrorCode> = {
  EntityTooLarge: 'SIZE_MISMATCH',
  EntityTooSmall: 'SIZE_MISMATCH',
  IncompleteBody: 'SIZE_MISMATCH',
  BadDigest: 'CHECKSUM_MISMATCH',
  XAmzContentSHA256Mismatch: 'CHECKSUM_MISMATCH',
  AccessDenied: 'GRANT_REFUSED',
  SignatureDoesNotMatch: 'GRANT_REFUSED',
  ExpiredToken: 'GRANT_EXPIRED',
  RequestTimeTooSkewed: 'CLOCK_WRONG',
  RequestTimeout: 'STORAGE_UNAVAILABLE', // a 400: the bytes came too slowly
  ConditionalRequestConflict: 'STORAGE_UNAVAILABLE', // a 409: the attempt before is still being written
  OperationAborted: 'STORAGE_UNAVAILABLE'
}

/** Passes for what S3 stored. @throws {AvatarUploadError} */
export function assertStored(
  { status, body }: { status: number; body: string },
  request: GrantRequest
) {
  if (status < 300) return
  // The bytes are there already, from an attempt whose answer was lost.
  if (status === 412 && request.headers['if-none-match']) return
  const storageCode = textOf(body, 'Code')
  const message = textOf(body, 'Message') ?? ''
  const isBusy = status >= 500 || status === 429
  const told = codes[storageCode ?? ''] ?? (isBusy ? 'STORAGE_UNAVAILABLE' : 'STORAGE_REFUSED')
  const code = told === 'GRANT_REFUSED' && /expired/i.test(message) ? 'GRANT_EXPIRED' : told
  throw new AvatarUploadError(code, {
    detail: `S3 answered ${status} ${storageCode ?? ''}: ${message || body.slice(0, 200)}`,
    status,
    storageCode,
    retryable: code === 'STORAGE_UNAVAILABLE'
  })
}

const textOf = (xml: string, tag: string) => xml.match(`<${tag}>([^<]*)</${tag}>`)?.[1]
