// Conditional requests: when a read, a copy or a write is not to happen.

import { S3Error } from './errors.ts'
import type { ObjectFacts } from './store.ts'

type Headers = Record<string, string>

/**
 * If-Match and its kin, for a read ('') or for the source of a copy ('x-amz-copy-source-').
 * A matching If-Match outweighs If-Unmodified-Since; a failing If-None-Match outweighs
 * If-Modified-Since.
 */
export function judgeConditions(
  headers: Headers,
  object: ObjectFacts,
  prefix = ''
): 'go' | 'failed' | 'not-modified' {
  const match = headers[`${prefix}if-match`]
  const noneMatch = headers[`${prefix}if-none-match`]
  const since = secondsOf(headers[`${prefix}if-modified-since`])
  const unmodifiedSince = secondsOf(headers[`${prefix}if-unmodified-since`])
  const modified = Math.floor(object.lastModifiedMs / 1000)
  if (match !== undefined) {
    if (!names(match, object)) return 'failed'
  } else if (unmodifiedSince !== null && modified > unmodifiedSince) return 'failed'
  if (noneMatch !== undefined) {
    if (names(noneMatch, object)) return 'not-modified'
  } else if (since !== null && modified <= since) return 'not-modified'
  return 'go'
}

/**
 * If-None-Match: * and If-Match of a write.
 * @throws {S3Error} PreconditionFailed; NoSuchKey for If-Match on nothing; NotImplemented otherwise
 */
export function checkWriteConditions(headers: Headers, existing: ObjectFacts | undefined) {
  const match = headers['if-match']
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined && noneMatch !== '*') throw new S3Error('NotImplemented')
  if (noneMatch === '*' && existing) throw preconditionFailed('If-None-Match')
  if (match === undefined) return
  if (!existing) throw new S3Error('NoSuchKey')
  if (!names(match, existing)) throw preconditionFailed('If-Match')
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { Condition: condition })
}

function names(list: string, { etag }: ObjectFacts): boolean {
  const wanted = list.split(',').map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
  return wanted.includes('*') || wanted.includes(etag)
}

function secondsOf(date: string | undefined): number | null {
  const parsed = Date.parse(date ?? '')
  return Number.isNaN(parsed) ? null : Math.floor(parsed / 1000)
}
