// Names in the bucket: where a grant lets bytes land, and where verified bytes are served from.

import { randomFillSync } from 'node:crypto'

/** 128 random bits in hex: nobody can guess one, and no two attempts ever share one. */
export function newId() {
  if (at === pool.length) {
    randomFillSync(pool)
    at = 0
  }
  at += ID_BYTES
  return pool.toString('hex', at - ID_BYTES, at)
}

// To ask the system for 16 bytes costs as much as for thousands.
const ID_BYTES = 16
const pool = Buffer.alloc(128 * ID_BYTES)
let at = pool.length

export const isId = (text: string) => /^[0-9a-f]{32}$/.test(text)

export const stagingKey = (uploadId: string) => `staging/${uploadId}`

/** A destination of its own for every confirm attempt, so two attempts cannot swap bytes. */
export const newObjectKey = () => `avatars/${newId()}`

export const isStagingKey = (key: string) => /^staging\/[0-9a-f]{32}$/.test(key)

/** Every key that we ever make; whatever else lies beside them, no row can know it. */
export const isOurKey = (key: string) => /^(staging|avatars)\/[0-9a-f]{32}$/.test(key)
