// Digests of a body as it passes, and the comparison with what the client said they are.

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

import { S3Error } from './errors.ts'

const algorithms = {
  md5: () => hash('md5'),
  sha256: () => hash('sha256'),
  sha1: () => hash('sha1'),
  crc32: () => {
    let value = 0
    return {
      update: (bytes: Buffer) => {
        value = crc32(bytes, value)
      },
      digest: () => {
        const digest = Buffer.alloc(4)
        digest.writeUInt32BE(value)
        return digest
      }
    }
  }
}

export type Algorithm = keyof typeof algorithms

const CHECKSUMS: Algorithm[] = ['sha256', 'sha1', 'crc32']
const UNSUPPORTED = ['crc32c', 'crc64nvme', 'md5', 'sha512', 'xxhash3', 'xxhash64', 'xxhash128']

export interface Digests {
  update: (bytes: Buffer) => void
  digest: (algorithm: Algorithm) => Buffer
}

export function startDigests(wanted: Algorithm[]): Digests {
  const running = new Map(wanted.map((algorithm) => [algorithm, algorithms[algorithm]()]))
  const finished = new Map<Algorithm, Buffer>()
  return {
    update: (bytes) => {
      for (const one of running.values()) one.update(bytes)
    },
    digest: (algorithm) => {
      const digest = finished.get(algorithm) ?? running.get(algorithm)!.digest()
      finished.set(algorithm, digest)
      return digest
    }
  }
}

function hash(name: string) {
  const hash = createHash(name)
  return { update: (bytes: Buffer) => void hash.update(bytes), digest: () => hash.digest() }
}

/** The checksums that headers, form fields or trailers name, by header name. */
export function namedChecksums(fields: Record<string, string>): Record<string, string> {
  for (const algorithm of UNSUPPORTED) {
    if (`x-amz-checksum-${algorithm}` in fields) throw new S3Error('NotImplemented')
  }
  return Object.fromEntries(
    CHECKSUMS.map((algorithm) => `x-amz-checksum-${algorithm}`)
      .filter((name) => fields[name] !== undefined)
      .map((name) => [name, fields[name]!])
  )
}

export function algorithmOf(checksum: string): Algorithm {
  return checksum.slice('x-amz-checksum-'.length) as Algorithm
}

/** @throws {S3Error} BadDigest, or InvalidRequest when it cannot be such a checksum at all */
export function compareChecksums(digests: Digests, claimed: Record<string, string>) {
  for (const [name, value] of Object.entries(claimed)) {
    const algorithm = algorithmOf(name)
    const digest = digests.digest(algorithm)
    if (Buffer.from(value, 'base64').length !== digest.length) {
      throw new S3Error('InvalidRequest', `Value for ${name} header is invalid.`)
    }
    if (digest.toString('base64') === value) continue
    const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`
    throw new S3Error('BadDigest', message)
  }
}

/** @throws {S3Error} BadDigest, or InvalidDigest when it cannot be an MD5 at all */
export function compareMd5(digests: Digests, claimed: string) {
  const digest = digests.digest('md5')
  if (Buffer.from(claimed, 'base64').length !== digest.length) throw new S3Error('InvalidDigest')
  if (digest.toString('base64') === claimed) return
  throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
}
