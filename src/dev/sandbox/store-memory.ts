// A store that lives as long as the process.

import { Readable } from 'node:stream'

import { KeyIndex } from './key-index.ts'
import type { Bucket, ObjectFacts, Store, StoredObject } from './store.ts'

export function memoryStore(): Store {
  const buckets = new Map<string, Bucket>()
  return {
    buckets,
    createBucket: (name, createdAtMs) => {
      const bucket = memoryBucket(name, createdAtMs)
      buckets.set(name, bucket)
      return bucket
    },
    deleteBucket: (name) => buckets.delete(name)
  }
}

function memoryBucket(name: string, createdAtMs: number): Bucket {
  const objects = new KeyIndex<StoredObject>()
  const bucket: Bucket = {
    name,
    createdAtMs,
    settings: {},
    objects,
    draft: async () => {
      const chunks: Buffer[] = []
      return {
        // copied: what arrives is a slice of a much larger pool
        write: async (bytes) => void chunks.push(Buffer.from(bytes)),
        commit: (facts) => objects.set(facts.key, memoryObject(facts, Buffer.concat(chunks))),
        discard: () => void chunks.splice(0)
      }
    },
    remove: (key) => objects.delete(key),
    configure: (settings) => {
      bucket.settings = settings
    }
  }
  return bucket
}

function memoryObject(facts: ObjectFacts, bytes: Buffer): StoredObject {
  return { ...facts, read: (start, end) => Readable.from(slices(bytes.subarray(start, end))) }
}

function* slices(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536)
}
