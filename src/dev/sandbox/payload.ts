// Takes in the body of a signed request: its length, its hash and its checksums are as was said.

import type { Signed } from './authenticate.ts'
import { decodeChunks } from './aws-chunked.ts'
import type { Call } from './call.ts'
import { chunkSeal } from './chunk-seal.ts'
import { UNSIGNED_PAYLOAD } from './claim.ts'
import type { Deps } from './deps.ts'
import {
  type Algorithm,
  algorithmOf,
  compareChecksums,
  compareMd5,
  namedChecksums,
  startDigests
} from './digests.ts'
import { S3Error } from './errors.ts'
import type { ObjectFacts } from './store.ts'

export type Received = Pick<ObjectFacts, 'sizeBytes' | 'etag' | 'checksums'>

/** Where the bytes go, one piece after another. */
export interface Sink {
  write: (bytes: Buffer) => Promise<void>
}

/** @throws {S3Error} whatever the body does not keep of what the headers said about it */
export async function receive(
  deps: Deps,
  call: Call,
  signed: Signed,
  sink: Sink
): Promise<Received> {
  checkPayload(signed)
  const declaredBytes = readLength(call, signed)
  if (declaredBytes > deps.maxObjectBytes) throw tooLarge(declaredBytes, deps.maxObjectBytes)
  const trailers: Record<string, string> = Object.create(null)
  const announced = announcedChecksums(call)
  const digests = startDigests(neededDigests(signed, announced))
  let sizeBytes = 0
  for await (const bytes of decode(deps, call, signed, trailers)) {
    sizeBytes += bytes.length
    if (sizeBytes > declaredBytes) throw new S3Error('IncompleteBody')
    const written = sink.write(bytes)
    digests.update(bytes)
    await written
  }
  if (sizeBytes !== declaredBytes) throw new S3Error('IncompleteBody')
  if (isHash(signed) && !deps.lies.has('signature')) {
    const matches = digests.digest('sha256').toString('hex') === signed.payload
    if (!matches) throw new S3Error('XAmzContentSHA256Mismatch')
  }
  const checksums = { ...namedChecksums(call.headers), ...checkTrailers(announced, trailers) }
  if (!deps.lies.has('checksum')) {
    if (call.headers['content-md5']) compareMd5(digests, call.headers['content-md5'])
    compareChecksums(digests, checksums)
  }
  return { sizeBytes, etag: digests.digest('md5').toString('hex'), checksums }
}

/** A whole body that is a document, not an object. @throws {S3Error} MalformedXML beyond 2 MiB */
export async function receiveText(deps: Deps, call: Call, signed: Signed): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  await receive(deps, call, signed, {
    write: async (bytes) => {
      sizeBytes += bytes.length
      if (sizeBytes > 2 * 1024 * 1024) throw new S3Error('MalformedXML')
      chunks.push(Buffer.from(bytes))
    }
  })
  return Buffer.concat(chunks).toString()
}

export function tooLarge(proposed: number, allowed: number): S3Error {
  const details = { ProposedSize: proposed, MaxSizeAllowed: allowed }
  return new S3Error('EntityTooLarge', undefined, details)
}

function checkPayload(signed: Signed) {
  if (isHash(signed) || isStreaming(signed) || signed.payload === UNSIGNED_PAYLOAD) return
  const message = `x-amz-content-sha256 must be ${UNSIGNED_PAYLOAD}, STREAMING-… or a valid sha256`
  throw new S3Error('InvalidArgument', message)
}

function isHash({ payload }: Signed): boolean {
  return /^[\da-f]{64}$/.test(payload)
}

function isStreaming({ payload }: Signed): boolean {
  return payload.startsWith('STREAMING-')
}

function readLength({ headers }: Call, signed: Signed): number {
  const streams = isStreaming(signed)
  const name = streams ? 'x-amz-decoded-content-length' : 'content-length'
  const length = headers[name] ?? (streams || headers['transfer-encoding'] ? undefined : '0')
  if (length === undefined) throw new S3Error('MissingContentLength')
  if (!/^\d{1,15}$/.test(length)) throw new S3Error('InvalidArgument', `${name} must be a number`)
  return Number(length)
}

function decode(deps: Deps, call: Call, signed: Signed, trailers: Record<string, string>) {
  if (!isStreaming(signed)) return call.body()
  const unsigned = signed.payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  if (!unsigned && !/^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(signed.payload)) {
    throw new S3Error('NotImplemented')
  }
  const seal = unsigned || deps.lies.has('signature') ? null : chunkSeal(deps, signed)
  return decodeChunks(call.body(), trailers, seal)
}

function announcedChecksums({ headers }: Call): string[] {
  const named = (headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase())
  return Object.keys(namedChecksums(Object.fromEntries(named.map((name) => [name, ''])))).concat(
    Object.keys(namedChecksums(headers))
  )
}

function neededDigests(signed: Signed, checksums: string[]): Algorithm[] {
  const needed = new Set<Algorithm>(['md5', ...checksums.map(algorithmOf)])
  if (isHash(signed)) needed.add('sha256')
  return [...needed]
}

function checkTrailers(announced: string[], trailers: Record<string, string>) {
  const found = namedChecksums(trailers)
  if (Object.keys(found).every((name) => announced.includes(name))) return found
  throw new S3Error('InvalidRequest', 'A trailer was sent that x-amz-trailer does not name.')
}
