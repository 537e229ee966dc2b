// Signature V4 for S3: in the query of many URLs of one window, and in the headers of a request.

import { createHmac, hash } from 'node:crypto'

import type { Credentials } from './credentials.ts'
import { openHmac } from './hmac.ts'
import type { Place } from './place.ts'
import type { Window } from './window.ts'

/** Pinned by every signature: whatever the object claims to be, a browser shows it as a picture. */
export const DISPOSITION = 'inline; filename="avatar"'

/**
 * Prepares all that does not depend on the object, and returns what signs one. Its URLs are those
 * of the official presigner, byte for byte (AWS, "Authenticating Requests: Using Query
 * Parameters"); a test holds them to that.
 */
export function prepare(place: Place, credentials: Credentials, { startsAt, seconds }: Window) {
  const date = startsAt.toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = [date.slice(0, 8), place.region, 's3', 'aws4_request']
  const hmac = openHmac(signingKey(credentials, scope))
  const beforeHash = `AWS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n`
  // S3 wants the parameters sorted; the signature, which cannot sign itself, is between the two.
  const head = query({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
    'X-Amz-Date': date,
    'X-Amz-Expires': `${seconds}`,
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken })
  })
  const tails = new Map<string, ReturnType<typeof tailOf>>()

  function tailOf(contentType: string) {
    const tail = query({
      'X-Amz-SignedHeaders': 'host',
      'response-content-disposition': DISPOSITION,
      'response-content-type': contentType,
      'x-id': 'GetObject'
    })
    const canonical = `\n${head}&${tail}\nhost:${place.host}\n\nhost\nUNSIGNED-PAYLOAD`
    const made = { tail: `&${tail}`, canonical }
    tails.set(contentType, made)
    return made
  }

  return (objectKey: string, contentType: string) => {
    const path = `${place.path}/${encodePath(objectKey)}`
    const { tail, canonical } = tails.get(contentType) ?? tailOf(contentType)
    const toSign = beforeHash + hash('sha256', `GET\n${path}${canonical}`)
    return `${place.origin}${path}?${head}&X-Amz-Signature=${hmac(toSign)}${tail}`
  }
}

const EMPTY = hash('sha256', '')
const plain = (value: string) => value.trim().replace(/\s+/g, ' ')

export interface Authorized {
  method: string
  /** As it is sent; of letters that need no encoding. */
  path: string
  /** Their names in lower case. */
  headers: Record<string, string>
  now: Date
}

/**
 * The headers of a request without a body, with the signature over all of them (AWS, "Authenticating
 * Requests: Using the Authorization Header").
 */
export function authorize(
  { host, keyOf }: { host: string; keyOf: ReturnType<typeof signingKeys> },
  credentials: Credentials,
  { method, path, headers, now }: Authorized
) {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const { scope, hmac } = keyOf(credentials, date.slice(0, 8))
  const all: Record<string, string> = {
    ...headers,
    host,
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': date,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken })
  }
  const names = Object.keys(all).sort()
  const canonical = names.map((name) => `${name}:${plain(all[name]!)}\n`).join('')
  const signed = names.join(';')
  const request = hash('sha256', `${method}\n${path}\n\n${canonical}\n${signed}\n${EMPTY}`)
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${request}`
  const credential = `${credentials.accessKeyId}/${scope}`
  all.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${hmac(toSign)}`
  return all
}

function signingKey({ secretAccessKey }: Credentials, scope: string[]) {
  let key = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope) key = createHmac('sha256', key).update(part).digest()
  return key
}

type Hmac = ReturnType<typeof openHmac>

/** What signs on a day, and its scope, made once for as long as neither the day nor the credentials change. */
export function signingKeys(region: string) {
  let last: { credentials: Credentials; day: string; scope: string; hmac: Hmac } | undefined
  return (credentials: Credentials, day: string) => {
    if (last?.credentials === credentials && last.day === day) return last
    const parts = [day, region, 's3', 'aws4_request']
    last = {
      credentials,
      day,
      scope: parts.join('/'),
      hmac: openHmac(signingKey(credentials, parts))
    }
    return last
  }
}

const query = (parameters: Record<string, string>) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&')

export const encodePath = (key: string) =>
  /^[\w/.~-]*$/.test(key) ? key : key.split('/').map(encode).join('/')

// RFC 3986, which Signature V4 wants, reserves five characters more than JavaScript does.
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`
  )
