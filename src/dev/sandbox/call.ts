// One request as it arrived: the verb, the bucket and key it names, its query, headers and body.

import type { IncomingMessage } from 'node:http'

import { S3Error } from './errors.ts'
import { type Verb, verbOf } from './verbs.ts'

export interface Call {
  verb: Verb
  method: string
  bucket: string
  key: string
  /** The path in its canonical encoding, which is what a client signs. */
  path: string
  query: Record<string, string[]>
  /** Lower-case names; repeated headers joined by commas. */
  headers: Record<string, string>
  /** The body's bytes; asking for it sends the `100 Continue` a client may be waiting for. */
  body: () => AsyncIterable<Buffer>
}

/** @throws {S3Error} InvalidURI, KeyTooLongError */
export function readCall(request: IncomingMessage, body: Call['body']): Call {
  const headers = readHeaders(request.rawHeaders)
  const [rawPath, rawQuery = ''] = splitOnce(request.url!, '?')
  const query = readQuery(rawQuery)
  const path = decode(rawPath)
  const { bucket, key } = readPlace(path, headers.host ?? '')
  if (Buffer.byteLength(key) > 1024) {
    throw new S3Error('KeyTooLongError', undefined, { MaxSizeAllowed: 1024 })
  }
  const method = request.method!
  const asked = Object.keys(query).concat('x-amz-copy-source' in headers ? 'x-amz-copy-source' : [])
  const verb = verbOf(method, bucket, key, asked)
  return { verb, method, bucket, key, path: encodePath(path), query, headers, body }
}

/** The first value of a query parameter. */
export function parameter(call: Call, name: string): string | undefined {
  return call.query[name]?.[0]
}

function readHeaders(raw: string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    headers[name] = name in headers ? `${headers[name]},${raw[i + 1]}` : raw[i + 1]!
  }
  return headers
}

function readQuery(raw: string): Call['query'] {
  const query: Call['query'] = Object.create(null)
  for (const pair of raw.split('&').filter(Boolean)) {
    const [name, value = ''] = splitOnce(pair.replaceAll('+', ' '), '=')
    query[decode(name)] = [...(query[decode(name)] ?? []), decode(value)]
  }
  return query
}

// bucket.localhost is virtual-host style; everything else is path style.
function readPlace(path: string, host: string): { bucket: string; key: string } {
  const virtual = /^(.+)\.localhost(?::\d+)?$/i.exec(host)?.[1]
  if (virtual) return { bucket: virtual.toLowerCase(), key: path.slice(1) }
  const [bucket, key = ''] = splitOnce(path.slice(1), '/')
  return { bucket, key }
}

function splitOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + at.length)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI')
  }
}

/** Percent-encoding as signatures have it: everything but unreserved characters and slashes. */
export function encodePath(path: string): string {
  return encodeURIComponent(path)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
