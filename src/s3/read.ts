// Reading an object's bytes: a bounded range of them, or all of them through a hash.

import { createHash } from 'node:crypto'
import { addAbortSignal, type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call, isOutOfRange } from './call.ts'

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
  const command = new GetObjectCommand({ Bucket: s3.name, Key, Range: `bytes=${first}-${last}` })
  return call<ReadRange | null>(s3, async (options) => {
    try {
      return await take(await s3.sender.send(command, options), first, last, options.abortSignal)
    } catch (err) {
      if (isOutOfRange(err)) return { bytes: Buffer.alloc(0), sizeBytes: 0, contentEncoding: null }
      throw err
    }
  })
}

async function take(
  { Body, ContentEncoding, ContentLength = 0, ContentRange }: GetObjectCommandOutput,
  first: number,
  last: number,
  signal: AbortSignal
): Promise<ReadRange> {
  const body = Body as Readable
  // HTTP lets a server ignore Range and answer with the whole: welcome where it is no more.
  const whole = `bytes 0-${ContentLength - 1}/${ContentLength}`
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? whole) ?? []
  const end = Math.min(last, Number(size) - 1)
  // Otherwise a store or proxy would hand us the whole object, however large.
  if (Number(from) !== first || Number(to) !== end) {
    body.destroy()
    throw new Error(`asked for bytes ${first}-${last}, was answered "${ContentRange ?? whole}"`)
  }
  const bytes = await collect(body, end - first + 1, signal)
  return { bytes, sizeBytes: Number(size), contentEncoding: ContentEncoding || null }
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
