// What the sandbox keeps: buckets of objects with their settings, in memory or on disk.

import type { Readable } from 'node:stream'

import type { KeyIndex } from './key-index.ts'

/** What is known about an object, without its bytes. */
export interface ObjectFacts {
  key: string
  sizeBytes: number
  /** MD5 in hex, without the quotes of the header. */
  etag: string
  lastModifiedMs: number
  /** As they are sent back: content-type, cache-control, x-amz-meta-… */
  headers: Record<string, string>
  /** x-amz-checksum-sha256 and its like, in base64. */
  checksums: Record<string, string>
}

export interface StoredObject extends ObjectFacts {
  /** The bytes from `start` up to and without `end`; what they are is settled by this very call. */
  read: (start?: number, end?: number) => Readable
}

/** Bytes on their way to becoming an object: nobody sees them before the commit. */
export interface Draft {
  write: (bytes: Buffer) => Promise<void>
  /** Puts the object in place at once and whole. Synchronous, so a check right before it still holds. */
  commit: (facts: ObjectFacts) => void
  /** Forgets the bytes, if they were not committed. */
  discard: () => void
}

/** Bucket configurations as the XML that was put. */
export interface Settings {
  cors?: string
  lifecycle?: string
  publicAccess?: string
  encryption?: string
}

export interface Bucket {
  name: string
  createdAtMs: number
  settings: Settings
  objects: KeyIndex<StoredObject>
  draft: () => Promise<Draft>
  remove: (key: string) => void
  configure: (settings: Settings) => void
}

export interface Store {
  buckets: Map<string, Bucket>
  createBucket: (name: string, createdAtMs: number) => Bucket
  deleteBucket: (name: string) => void
}
