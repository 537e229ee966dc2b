// Whether a request was signed by the holder of the secret, for now, and with everything it carries.

import type { Call } from './call.ts'
import { type Claim, readClaim, UNSIGNED_PAYLOAD } from './claim.ts'
import type { Deps } from './deps.ts'
import { type ErrorCode, S3Error } from './errors.ts'
import { sameSignature, signerOf } from './signer.ts'

export type Signed = Pick<Claim, 'payload' | 'signature' | 'signedAt'>

const SKEW_MS = 15 * 60 * 1000

/** @throws {S3Error} with the code S3 gives for what is wrong with the signature */
export async function authenticate(deps: Deps, call: Call): Promise<Signed> {
  if (deps.lies.has('signature')) return believe(deps, call)
  const claim = readClaim(call)
  const code =
    claim.by === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
  checkCredential(deps, claim, code)
  checkTime(deps, claim)
  checkCoverage(deps, call, claim)
  if (await isSigned(deps, call, claim)) return claim
  throw new S3Error('SignatureDoesNotMatch', undefined, { AWSAccessKeyId: claim.accessKeyId })
}

function believe({ now }: Deps, { headers }: Call): Signed {
  const claimed = headers['x-amz-content-sha256'] ?? UNSIGNED_PAYLOAD
  return { payload: claimed, signature: '', signedAt: now() }
}

/** Whose key it is, for which day, region and service. */
export function checkCredential(
  { credentials, region }: Deps,
  {
    accessKeyId,
    scope,
    signedAt,
    sessionToken
  }: Pick<Claim, 'accessKeyId' | 'scope' | 'signedAt' | 'sessionToken'>,
  code: ErrorCode
) {
  if (scope.region !== region) {
    const message = `the region '${scope.region}' is wrong; expecting '${region}'`
    throw new S3Error(code, message, { Region: region })
  }
  if (scope.rest !== 's3/aws4_request')
    throw new S3Error(code, 'the service is wrong; expecting s3')
  if (scope.day !== signedAt.toISOString().slice(0, 10).replaceAll('-', '')) {
    throw new S3Error(code, 'the credential date is not the date of the signature')
  }
  if (accessKeyId !== credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: accessKeyId })
  }
  if (sessionToken !== credentials.sessionToken) throw new S3Error('InvalidToken')
}

function checkTime({ now, lies }: Deps, { by, signedAt, expiresSeconds }: Claim) {
  const ageMs = now().getTime() - signedAt.getTime()
  if (by === 'header') {
    if (Math.abs(ageMs) > SKEW_MS) throw new S3Error('RequestTimeTooSkewed')
    return
  }
  if (ageMs < -SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid')
  if (ageMs > expiresSeconds! * 1000 && !lies.has('url-expiry')) {
    throw new S3Error('AccessDenied', 'Request has expired')
  }
}

// S3 refuses x-amz-* headers that were not signed: they could change what the signer allowed.
function checkCoverage({ lies }: Deps, { headers }: Call, { signedHeaders }: Claim) {
  const missing = Object.keys(headers).filter(
    (name) =>
      (name === 'host' || (name.startsWith('x-amz-') && !lies.has('unsigned-headers'))) &&
      !signedHeaders.includes(name)
  )
  if (missing.length === 0) return
  const message = 'There were headers present in the request which were not signed'
  throw new S3Error('AccessDenied', message, { HeadersNotSigned: missing.join(', ') })
}

async function isSigned(deps: Deps, call: Call, claim: Claim): Promise<boolean> {
  for (const headers of candidates(deps, call, claim)) {
    if (sameSignature(await recompute(deps, call, claim, headers), claim.signature)) return true
  }
  return false
}

async function recompute(
  deps: Deps,
  { method, path, query, headers }: Call,
  { by, signedAt, signedHeaders, expiresSeconds, payload }: Claim,
  replaced: Record<string, string>
): Promise<string> {
  const signed: Record<string, string> = {}
  for (const name of signedHeaders) {
    if (name in headers) signed[name] = replaced[name] ?? headers[name]!
  }
  const request = { method, protocol: 'http:', hostname: '', path, query, headers: signed }
  const options = { signingDate: signedAt, signableHeaders: new Set(signedHeaders) }
  if (by === 'header') {
    const { headers } = await signerOf(deps).sign(request, options)
    return headers.authorization!.slice(headers.authorization!.lastIndexOf('=') + 1)
  }
  const presigned = await signerOf(deps).presign(
    // the signer takes the payload's hash from this header; it joins the signature only if it was signed
    { ...request, headers: { ...signed, 'x-amz-content-sha256': payload } },
    {
      ...options,
      expiresIn: expiresSeconds!,
      unhoistableHeaders: new Set([...signedHeaders, 'x-amz-content-sha256']),
      unsignableHeaders: new Set(['x-amz-content-sha256'])
    }
  )
  return presigned.query!['X-Amz-Signature'] as string
}

// As received; and what might have been signed instead, for a store told to overlook just that.
function* candidates(
  { lies }: Deps,
  { verb, headers }: Call,
  { signedHeaders }: Claim
): Generator<Record<string, string>> {
  yield {}
  if (verb !== 'PutObject') return
  const overlooks = (lie: 'put-content-type' | 'put-content-length', name: string) =>
    lies.has(lie) && signedHeaders.includes(name)
  const received = headers['content-type'] ?? ''
  const types = overlooks('put-content-type', 'content-type') ? [received, ...USUAL_TYPES] : []
  const length = Number(headers['content-length'])
  const lengths = overlooks('put-content-length', 'content-length')
    ? Array.from({ length: 513 }, (_, i) => length + i - 256).filter((signed) => signed >= 0)
    : []
  for (const type of types.length ? types : [received]) {
    if (lengths.length === 0) yield { 'content-type': type }
    for (const size of lengths) yield { 'content-type': type, 'content-length': String(size) }
  }
}

const USUAL_TYPES = 'jpeg png webp gif avif svg+xml'
  .split(' ')
  .map((subtype) => `image/${subtype}`)
  .concat('text/plain', 'text/html', 'application/json', 'application/octet-stream')
