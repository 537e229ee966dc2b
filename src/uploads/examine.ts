// What is really stored at a key: its size, its first and last bytes and, if asked for, its hash.

import { createHash } from 'node:crypto'

import { HEAD_BYTES, type ObjectBytes, TAIL_BYTES } from '../images/inspect.ts'
import type { Bucket } from '../s3/bucket.ts'

/** The facts of an object that a verdict rests on; `sha256` in hex, null when nobody asked. */
export interface Examined {
  bytes: ObjectBytes
  sha256: string | null
}

export interface ExamineOptions {
  /** The size that is hoped for: head and tail are read side by side. */
  sizeBytes: number
  /** Null: no hash is wanted. Otherwise a function that gets it where the ends don't tell. */
  sha256: (() => Promise<string | null>) | null
}

/**
 * Reads at most the head and the tail of an object, 64 KiB each, whatever its size. Null when it is
 * absent. An object of another size than hoped for comes with its true size and without a tail.
 */
export async function examine(
  bucket: Bucket,
  key: string,
  { sizeBytes, sha256 }: ExamineOptions
): Promise<Examined | null> {
  const tailFrom = Math.max(0, sizeBytes - TAIL_BYTES)
  const [head, tail] = await Promise.all([
    bucket.readRange(key, 0, HEAD_BYTES - 1),
    sizeBytes > HEAD_BYTES ? bucket.readRange(key, tailFrom, sizeBytes - 1) : null
  ])
  if (!head) return null
  const bytes = { head: head.bytes, tail: (tail ?? head).bytes, sizeBytes: head.sizeBytes }
  return { bytes, sha256: sha256 && (hashSeen(bytes) ?? (await sha256())) }
}

// Small objects are seen whole: then no store has to be believed.
function hashSeen({ head, tail, sizeBytes }: ObjectBytes) {
  const unseen = sizeBytes - head.length
  if (unseen > tail.length) return null
  const rest = tail.subarray(tail.length - unseen)
  return createHash('sha256').update(head).update(rest).digest('hex')
}
