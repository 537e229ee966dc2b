// What a verb answers: a status, headers and a body, and how errors become one.

import type { Readable } from 'node:stream'

import type { S3Error } from './errors.ts'
import type { ObjectFacts } from './store.ts'
import { writeXml, type XmlFields } from './xml.ts'

export interface Answer {
  status: number
  headers?: Record<string, string | number>
  body?: string | Readable
}

export function xmlAnswer(root: string, fields: XmlFields, status = 200): Answer {
  return xmlText(writeXml(root, fields), status)
}

export function xmlText(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

export function errorAnswer(error: S3Error, resource: string, requestId: string): Answer {
  const { code, status, message, details } = error
  const fields = { Code: code, Message: message, ...details }
  return xmlAnswer('Error', { ...fields, Resource: resource, RequestId: requestId }, status)
}

export function quoted({ etag }: Pick<ObjectFacts, 'etag'>): string {
  return `"${etag}"`
}

/** The checksums of an object as headers. */
export function checksumHeaders({ checksums }: Pick<ObjectFacts, 'checksums'>) {
  if (Object.keys(checksums).length === 0) return {}
  return { ...checksums, 'x-amz-checksum-type': 'FULL_OBJECT' }
}

/** The checksums of an object as the XML of CopyObjectResult has them: ChecksumSHA256 … */
export function checksumElements({ checksums }: Pick<ObjectFacts, 'checksums'>): XmlFields {
  return Object.fromEntries(
    Object.entries(checksums).map(([name, value]) => [
      `Checksum${name.slice('x-amz-checksum-'.length).toUpperCase()}`,
      value
    ])
  )
}
