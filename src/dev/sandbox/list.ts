// ListObjectsV2: keys in order, a page at a time, folded at a delimiter.

import { type Answer, quoted, xmlAnswer } from './answer.ts'
import { type Call, encodePath, parameter } from './call.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import type { Bucket, StoredObject } from './store.ts'

export async function listObjects(_deps: Deps, call: Call, bucket: Bucket): Promise<Answer> {
  if (parameter(call, 'list-type') !== '2') throw new S3Error('NotImplemented')
  const prefix = parameter(call, 'prefix') ?? ''
  const delimiter = parameter(call, 'delimiter') ?? ''
  const token = parameter(call, 'continuation-token')
  const startAfter = parameter(call, 'start-after')
  const maxKeys = readMaxKeys(call)
  const after = token === undefined ? (startAfter ?? '') : readToken(token)
  const page = readPage(bucket, { prefix, delimiter, after, maxKeys })
  const encode = encoder(call)
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: maxKeys,
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== null,
    ContinuationToken: token,
    NextContinuationToken: page.next === null ? undefined : writeToken(page.next),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    EncodingType: parameter(call, 'encoding-type'),
    Contents: page.objects.map((object) => describe(object, encode, call)),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) }))
  })
}

interface Page {
  objects: StoredObject[]
  prefixes: string[]
  /** The key or common prefix that the next page comes after, if there is one. */
  next: string | null
}

interface Wanted {
  prefix: string
  delimiter: string
  after: string
  maxKeys: number
}

function readPage(bucket: Bucket, { prefix, delimiter, after, maxKeys }: Wanted): Page {
  const page: Page = { objects: [], prefixes: [], next: null }
  if (maxKeys === 0) return page
  const folded = delimiter && after.endsWith(delimiter) ? after : null // a prefix already listed
  let last = ''
  for (const object of bucket.objects.after(after, prefix)) {
    const { key } = object
    const common = commonPrefix(key, prefix, delimiter)
    if (common !== null && (common === folded || common === page.prefixes.at(-1))) continue
    if (page.objects.length + page.prefixes.length === maxKeys) return { ...page, next: last }
    if (common === null) page.objects.push(object)
    else page.prefixes.push(common)
    last = common ?? key
  }
  return page
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | null {
  const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1
  return at < 0 ? null : key.slice(0, at + delimiter.length)
}

function readMaxKeys(call: Call): number {
  const given = parameter(call, 'max-keys') ?? '1000'
  if (/^\d{1,10}$/.test(given)) return Math.min(Number(given), 1000)
  throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range')
}

function encoder(call: Call): (key: string) => string {
  const type = parameter(call, 'encoding-type')
  if (type === undefined) return (key) => key
  if (type === 'url') return encodePath
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
}

function writeToken(after: string): string {
  return Buffer.from(`after:${after}`).toString('base64url')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (text.startsWith('after:')) return text.slice('after:'.length)
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
}

function describe(object: StoredObject, encode: (key: string) => string, call: Call) {
  const algorithms = Object.keys(object.checksums).map((name) =>
    name.slice('x-amz-checksum-'.length).toUpperCase()
  )
  return {
    Key: encode(object.key),
    LastModified: new Date(object.lastModifiedMs).toISOString(),
    ETag: quoted(object),
    ChecksumAlgorithm: algorithms,
    ChecksumType: algorithms.length > 0 ? 'FULL_OBJECT' : undefined,
    Size: object.sizeBytes,
    StorageClass: 'STANDARD',
    Owner: parameter(call, 'fetch-owner') === 'true' ? { ID: 'sandbox' } : undefined
  }
}
