// What a kill run shares: the instances, the weather, what was done and what went wrong.

import { createHash, randomBytes } from 'node:crypto'

import type { GrantRequest } from '../../src/s3/grant.ts'
import { withChunks } from '../support/pictures/png.ts'
import { padded, png } from '../support/pictures.ts'
import { tokenOf } from '../support/process.ts'
import type { Random } from '../support/random.ts'
import type { Fleet } from './fleet.ts'
import type { Urls } from './urls.ts'

export interface World {
  fleet: Fleet
  random: Random
  urls: Urls
  sandboxPort: number
  adminToken: string
  /** Set when no new step may begin. */
  ending: boolean
  /** operation → outcome → how often */
  outcomes: Map<string, Map<Outcome, number>>
  /** operation → milliseconds of every attempt that was acknowledged */
  durations: Map<string, number[]>
  violations: string[]
  /** upload → hashes of everything that was sent for it */
  sent: Map<string, Set<string>>
}

/** What the client knows of an operation: it happened, it did not, or perhaps, now or soon. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown'

export interface Upload {
  id: string
  sendBy: string
  expiresAt: string
  request: GrantRequest
  sizeBytes: number
  /** When the client began to create it. */
  at: number
  /** What confirming it may make visible. */
  candidates: Buffer[]
  /** A send whose outcome is unknown may still arrive, over what was sent later. */
  hasGhost: boolean
  /** The first answer to a confirm: every other has to say the same. */
  confirmed?: { upload: object; object?: string }
}

/** An avatar as its owner knows it. */
export interface Value {
  upload: Upload
  candidates: Buffer[]
  since: number
}

export interface Person {
  id: string
  token: string
  tokenAt: number
  value: Value | null
  /** Until when a removal or an erasure of unknown outcome may still take effect. */
  ghosts: { removal: number; erasure: number }
  erasures: number
  /** What they did last, for the report of a violation. */
  diary: string[]
}

const DIARY_LINES = 60

export function personOf(id: string): Person {
  const ghosts = { removal: 0, erasure: 0 }
  const token = { token: tokenOf(id), tokenAt: Date.now() }
  return { id, ...token, value: null, ghosts, erasures: 0, diary: [] }
}

export function note({ diary }: Person, line: string) {
  diary.push(`${new Date().toISOString().slice(11, 23)} ${line}`)
  if (diary.length > DIARY_LINES) diary.shift()
}

/** Something that must not be: printed at once, with what led to it. */
export function violate(world: World, sentence: string, person?: Person) {
  world.violations.push(person ? `${person.id}: ${sentence}` : sentence)
  console.error(`VIOLATION ${world.violations.at(-1)}`)
  if (person) console.error(person.diary.map((line) => `    ${line}`).join('\n'))
}

const small = png(16)
const SIZES = { 400: 6, 3000: 3, 150000: 1 } // the largest is not seen whole by one ranged read

/** A picture unlike any other; of `sizeBytes` when given. */
export function newPicture({ random }: World, sizeBytes?: number) {
  const size = sizeBytes ?? Number(random.weighted(SIZES)) + random.whole(0, 200)
  return padded(withChunks(small, [['unIq', randomBytes(32)]]), size)
}

export const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')
