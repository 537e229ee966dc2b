// What is really stored at a key: its size, its first and last bytes and, if asked for, its hash.

import { createHash } from 'node:crypto'

import { HEAD_BYTES, type ObjectBytes, TAIL_BYTES } from '../images/inspect.ts'
import type { Bucket } from '../s3/bucket.ts'

/** The facts of an object that a verdict rests on; `sha256` in hex, null when nobody asked. */
export interface Examined {
  bytes: ObjectBytes
  contentEncoding: string | null
  sha256: string | null
}

export interface ExamineOptions {
  /** The size that is hoped for: head and tail are read side by side. */
  sizeBytes: number
  /** Whether to hash it: only then, and only if it is too large to be seen, all of it is read. */
  hash: boolean
}

/**
 * Reads the head and the tail of an object, some 64 KiB each, whatever its size. Null when it is absent,
 * or changes while it is read. One of another size than hoped for comes with its true size.
 */
export async function examine(
  bucket: Bucket,
  key: string,
  { sizeBytes, hash }: ExamineOptions
): Promise<Examined | null> {
  const tailFrom = Math.max(0, sizeBytes - TAIL_BYTES)
  const reading = bucket.readRange(key, 0, HEAD_BYTES - 1)
  const [head, tail] = await Promise.all([
    reading,
    sizeBytes > HEAD_BYTES ? bucket.readRange(key, tailFrom, sizeBytes - 1) : reading
  ])
  if (!head || !tail || (head.sizeBytes === sizeBytes && tail.sizeBytes !== sizeBytes)) return null
  const bytes = { head: head.bytes, tail: tail.bytes, sizeBytes: head.sizeBytes }
  const sha256 = hash ? (hashSeen(bytes) ?? (await bucket.hash(key, sizeBytes))) : null
  if (hash && !sha256) return null
  return { bytes, contentEncoding: head.contentEncoding, sha256 }
}

// A small object is seen whole.
function hashSeen({ head, tail, sizeBytes }: ObjectBytes) {
  const unseen = sizeBytes - head.length
  if (unseen > tail.length) return null
  const rest = tail.subarray(tail.length - unseen)
  return createHash('sha256').update(head).update(rest).digest('hex')
}
