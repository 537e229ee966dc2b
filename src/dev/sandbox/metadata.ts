// The headers that are stored with an object, and those that ask for more than the sandbox does.

import { S3Error } from './errors.ts'

const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires'
]

const GULLIBLY_KEPT = ['x-amz-storage-class', 'x-amz-website-redirect-location']

// Silently dropping one of these would hide a mistake: only the values that change nothing pass.
const HARMLESS: Record<string, RegExp> = {
  acl: /^bucket-owner-full-control$/,
  tagging: /^$/,
  'x-amz-acl': /^bucket-owner-full-control$/,
  'x-amz-storage-class': /^STANDARD$/,
  'x-amz-server-side-encryption': /^AES256$/,
  'x-amz-tagging': /^$/,
  'x-amz-website-redirect-location': /^$/,
  'x-amz-object-lock-legal-hold': /^OFF$/
}
const UNSUPPORTED =
  /^x-amz-(grant-|object-lock-|server-side-encryption-|copy-source-server-side-|write-offset)/

/**
 * What to keep of a request's headers or a form's fields (names in lower case). A lying store is
 * `gullible`: it takes whatever is asked of it.
 * @throws {S3Error} NotImplemented, AccessControlListNotSupported, MetadataTooLarge, InvalidArgument
 */
export function metadataOf(
  fields: Record<string, string>,
  gullible = false
): Record<string, string> {
  if (!gullible) refuseUnsupported(fields)
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  let userBytes = 0
  for (const [name, value] of Object.entries(fields)) {
    const isUsers = name.startsWith('x-amz-meta-')
    if (isUsers) userBytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value)
    const isKept = isUsers || KEPT.includes(name) || (gullible && GULLIBLY_KEPT.includes(name))
    if (isKept) kept[name] = headerValue(value)
  }
  if (userBytes > 2048) {
    throw new S3Error('MetadataTooLarge', undefined, { Size: userBytes, MaxSizeAllowed: 2048 })
  }
  const encoding = withoutAwsChunked(kept['content-encoding'] ?? '')
  delete kept['content-encoding']
  if (encoding) kept['content-encoding'] = encoding
  return kept
}

function refuseUnsupported(fields: Record<string, string>) {
  for (const [name, value] of Object.entries(fields)) {
    const harmless = HARMLESS[name]
    if (harmless ? harmless.test(value) : !UNSUPPORTED.test(name)) continue
    if (name.endsWith('acl')) throw new S3Error('AccessControlListNotSupported')
    throw new S3Error('NotImplemented', undefined, { Header: name })
  }
}

// aws-chunked is how the body travelled, not how the object is encoded.
function withoutAwsChunked(encoding: string): string {
  const codings = encoding.split(',').map((coding) => coding.trim())
  return codings.filter((coding) => coding && coding !== 'aws-chunked').join(',')
}

/** Refuses what would forge a header. @throws {S3Error} InvalidArgument */
export function headerValue(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break here would forge a header
  if (!/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return value
  throw new S3Error('InvalidArgument', 'Header value cannot contain control characters.')
}

/** Text as the bytes of its UTF-8, which is how Node wants them in a header. */
export function headerBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
