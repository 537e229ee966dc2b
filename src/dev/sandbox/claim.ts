// What a request claims about its signature: who signed which headers when, by header or by query.

import { type Call, parameter } from './call.ts'
import { type ErrorCode, S3Error } from './errors.ts'

export interface Claim {
  by: 'header' | 'query'
  accessKeyId: string
  /** The scope of the signing key: `20260131/us-east-1/s3/aws4_request`. */
  scope: { day: string; region: string; rest: string }
  signedAt: Date
  /** Seconds a presigned URL lives; header signatures have none. */
  expiresSeconds: number | null
  signedHeaders: string[]
  signature: string
  sessionToken: string | undefined
  /** What was signed about the body: its SHA-256, or one of S3's words for "not hashed". */
  payload: string
}

export const ALGORITHM = 'AWS4-HMAC-SHA256'
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

const WEEK_SECONDS = 7 * 24 * 60 * 60

/** @throws {S3Error} AccessDenied when nothing is claimed, or what is malformed about it */
export function readClaim(call: Call): Claim {
  const byQuery = parameter(call, 'X-Amz-Algorithm') !== undefined
  const { authorization } = call.headers
  if (byQuery && authorization) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed')
  }
  if (byQuery) return readQueryClaim(call)
  if (authorization) return readHeaderClaim(call, authorization)
  if (parameter(call, 'Signature') !== undefined) throw unsupportedVersion()
  throw new S3Error('AccessDenied')
}

export function unsupportedVersion(): S3Error {
  return new S3Error(
    'InvalidRequest',
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`
  )
}

function readHeaderClaim({ headers }: Call, authorization: string): Claim {
  if (!authorization.startsWith('AWS4-')) throw unsupportedVersion()
  const match = /^AWS4-HMAC-SHA256 +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=(\w+)$/
  const [, credential, signedHeaders, signature] = match.exec(authorization) ?? []
  if (!credential || !signedHeaders || !signature) throw new S3Error('AuthorizationHeaderMalformed')
  const signedAt = readDate(headers['x-amz-date'] ?? '')
  if (!signedAt) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header')
  }
  const payload = headers['x-amz-content-sha256']
  if (!payload) {
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256'
    )
  }
  return {
    by: 'header',
    ...readCredential(credential, 'AuthorizationHeaderMalformed'),
    signedAt,
    expiresSeconds: null,
    signedHeaders: signedHeaders.split(';'),
    signature,
    sessionToken: headers['x-amz-security-token'],
    payload
  }
}

function readQueryClaim(call: Call): Claim {
  if (only(call, 'X-Amz-Algorithm') !== ALGORITHM) throw unsupportedVersion()
  const signedAt = readDate(only(call, 'X-Amz-Date'))
  if (!signedAt) throw malformedQuery('X-Amz-Date must be in the ISO8601 Long Format')
  const expires = only(call, 'X-Amz-Expires')
  if (!/^\d{1,9}$/.test(expires)) throw malformedQuery('X-Amz-Expires must be a number')
  if (Number(expires) > WEEK_SECONDS) {
    throw malformedQuery('X-Amz-Expires must be less than a week (in seconds)')
  }
  const signedHeaders = only(call, 'X-Amz-SignedHeaders').split(';')
  const payloadHeader = signedHeaders.includes('x-amz-content-sha256')
    ? call.headers['x-amz-content-sha256']
    : undefined
  return {
    by: 'query',
    ...readCredential(only(call, 'X-Amz-Credential'), 'AuthorizationQueryParametersError'),
    signedAt,
    expiresSeconds: Number(expires),
    signedHeaders,
    signature: only(call, 'X-Amz-Signature'),
    sessionToken: parameter(call, 'X-Amz-Security-Token'),
    payload: parameter(call, 'X-Amz-Content-Sha256') ?? payloadHeader ?? UNSIGNED_PAYLOAD
  }
}

// A parameter given twice could be signed as one value and read as the other.
function only(call: Call, name: string): string {
  const values = call.query[name] ?? []
  if (values.length !== 1) {
    throw malformedQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, ' +
        'X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.'
    )
  }
  return values[0]!
}

function malformedQuery(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', message)
}

/** @throws {S3Error} `code` when it is not `<key id>/<day>/<region>/s3/aws4_request` */
export function readCredential(
  credential: string,
  code: ErrorCode
): Pick<Claim, 'accessKeyId' | 'scope'> {
  const parts = credential.split('/')
  if (parts.length < 5) throw new S3Error(code, 'the Credential is mal-formed')
  const [day, region, service, terminator] = parts.slice(-4)
  return {
    accessKeyId: parts.slice(0, -4).join('/'),
    scope: { day: day!, region: region!, rest: `${service}/${terminator}` }
  }
}

/** A date of the form 20260131T235959Z, or null. */
export function readDate(text: string): Date | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return null
  const [, year, month, day, hour, minute, second] = match
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}
