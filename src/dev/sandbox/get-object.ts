// GetObject and HeadObject: whole, ranged, conditional, with headers as the signer chose them.

import { type Answer, checksumHeaders, quoted } from './answer.ts'
import { type Call, parameter } from './call.ts'
import { judgeConditions, preconditionFailed } from './conditions.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { headerBytes, headerValue } from './metadata.ts'
import { type Range, readRange } from './ranges.ts'
import type { Bucket, StoredObject } from './store.ts'

export async function getObject(deps: Deps, call: Call, bucket: Bucket): Promise<Answer> {
  const object = bucket.objects.get(call.key)
  if (!object) throw new S3Error('NoSuchKey', undefined, { Key: call.key })
  const { lies } = deps
  const judgement = lies.has('get-conditions') ? 'go' : judgeConditions(call.headers, object)
  if (judgement === 'failed') throw preconditionFailed('If-Match')
  if (judgement === 'not-modified') return { status: 304, headers: identity(object) }
  const range = lies.has('range') ? null : readRange(call.headers.range, object.sizeBytes)
  const headers = {
    ...object.headers,
    ...(lies.has('response-overrides') ? {} : responseOverrides(call)),
    ...identity(object),
    ...(range ? {} : requestedChecksums(call, object)),
    ...lengthOf(object, range)
  }
  const status = range ? 206 : 200
  if (call.method === 'HEAD') return { status, headers }
  return { status, headers, body: object.read(range?.start, range?.end) }
}

function identity(object: StoredObject) {
  return {
    etag: quoted(object),
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes'
  }
}

function lengthOf(
  { sizeBytes }: StoredObject,
  range: Range | null
): Record<string, string | number> {
  if (!range) return { 'content-length': sizeBytes }
  const { start, end } = range
  return {
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${sizeBytes}`
  }
}

function requestedChecksums({ headers }: Call, object: StoredObject) {
  return headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' ? checksumHeaders(object) : {}
}

function responseOverrides(call: Call): Record<string, string> {
  const names = ['type', 'language', 'disposition', 'encoding'].map((name) => `content-${name}`)
  const overrides: Record<string, string> = {}
  for (const name of [...names, 'cache-control', 'expires']) {
    const value = parameter(call, `response-${name}`)
    if (value) overrides[name] = headerBytes(headerValue(value))
  }
  return overrides
}
