// Reading an object's bytes: a bounded range of them, or all of them through a hash.

import { createHash } from 'node:crypto'
import { addAbortSignal, type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call, isOutOfRange } from './call.ts'
import { codeOf, MOST_XML, type PlainAnswer, tryPlain } from './plain.ts'

/** Some bytes of an object and, from the same answer, the size of the whole. */
export interface ReadRange {
  bytes: Buffer
  sizeBytes: number
  contentEncoding: string | null
}

/**
 * Reads bytes `first` to `last`, fewer where the object ends earlier, none where it ends before
 * `first`. Null when the object is absent.
 */
export function readRange(s3: S3, Key: string, first: number, last: number) {
  const Range = `bytes=${first}-${last}`
  return call<ReadRange | null>(s3, async (options) => {
    const range = { method: 'GET' as const, key: Key, headers: { range: Range } }
    const answer = await tryPlain(s3, {
      ...range,
      most: Math.max(last - first + 1, MOST_XML),
      ...options
    })
    if (answer?.status === 404 && codeOf(answer) === 'NoSuchKey') return null
    const read = answer?.status === 206 && exactly(answer, first, last)
    if (read) return read
    const command = new GetObjectCommand({ Bucket: s3.name, Key, Range })
    try {
      return await take(await s3.repeater.send(command, options), first, last, options.abortSignal)
    } catch (err) {
      if (isOutOfRange(err)) return { bytes: Buffer.alloc(0), sizeBytes: 0, contentEncoding: null }
      throw err
    }
  })
}

function exactly({ headers, body }: PlainAnswer, first: number, last: number): ReadRange | null {
  const size = sizeIf(headers['content-range'], first, last)
  if (size === null || body.length !== Math.min(last, size - 1) - first + 1) return null
  return { bytes: body, sizeBytes: size, contentEncoding: headers['content-encoding'] || null }
}

// The size of the whole, if the range that was answered is the one that was asked for.
function sizeIf(contentRange: string | undefined, first: number, last: number) {
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '') ?? []
  if (Number(from) !== first || Number(to) !== Math.min(last, Number(size) - 1)) return null
  return Number(size)
}

async function take(
  { Body, ContentEncoding, ContentLength = 0, ContentRange, $metadata }: GetObjectCommandOutput,
  first: number,
  last: number,
  signal: AbortSignal
): Promise<ReadRange> {
  const body = Body as Readable
  // HTTP lets a server ignore Range and answer with the whole: welcome where it is no more.
  const whole = `bytes 0-${ContentLength - 1}/${ContentLength}`
  const isWhole = $metadata.httpStatusCode === 200 // a 206 without it has parts, each with its own
  const range = ContentRange ?? (isWhole ? whole : 'no range')
  const size = sizeIf(range, first, last)
  // Otherwise a store or proxy would hand us the whole object, however large.
  if (size === null) {
    body.destroy()
    throw new Error(`asked for bytes ${first}-${last}, was answered others`)
  }
  const end = Math.min(last, size - 1)
  const bytes = await collect(body, end - first + 1, signal)
  return { bytes, sizeBytes: size, contentEncoding: ContentEncoding || null }
}

async function collect(body: Readable, length: number, signal: AbortSignal) {
  const bytes = Buffer.alloc(length)
  let filled = 0
  const fill = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (filled + chunk.length > length) return done(new Error('more bytes than were asked for'))
      filled += chunk.copy(bytes, filled)
      done()
    }
  })
  await pipeline(body, fill, { signal })
  if (filled < length) throw new Error('fewer bytes than were asked for')
  return bytes
}

/**
 * SHA-256 in hex of a whole object of `sizeBytes`, streamed: a store's word for it is only
 * what it was told. Null when the object is absent.
 */
export function hash(s3: S3, Key: string, sizeBytes: number) {
  const command = new GetObjectCommand({ Bucket: s3.name, Key })
  return call(s3, async (options) => {
    const { Body } = await s3.sender.send(command, options)
    const sha256 = createHash('sha256')
    let seen = 0
    for await (const chunk of addAbortSignal(options.abortSignal, Body as Readable)) {
      seen += chunk.length
      if (seen > sizeBytes) throw new Error(`more than the ${sizeBytes} bytes there should be`)
      sha256.update(chunk)
    }
    if (seen < sizeBytes) throw new Error(`${seen} bytes, not the ${sizeBytes} there should be`)
    return sha256.digest('hex')
  })
}
