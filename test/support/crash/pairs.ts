// Which two operations meet, and what may come of it: each of them whole, or refused, never half.

import type { OperationName } from './operations.ts'
import {
  confirm,
  DAY,
  EARLIER,
  operations,
  PICTURE,
  send,
  shows,
  showsNothing
} from './operations.ts'
import type { Plan } from './scenario.ts'

/** The first is held or fails at each of its points; the second runs meanwhile. */
export interface Pair extends Omit<Plan, 'first'> {
  /** Whose points the first has. */
  first: OperationName
  second: NonNullable<Plan['second']>
}

const { abort, create, erase, remove, sweep } = operations
const replace = operations['confirm another']
const both = (one: string, two: string) => one === 'ok' && two === 'ok'
const isUndone = (code: string) => ['UPLOAD_NOT_FOUND', 'UPLOAD_ABORTED'].includes(code)

const confirmMeets = {
  first: 'confirm another',
  prepare: replace.prepare
} as const

const aborting: Pair = {
  ...confirmMeets,
  second: abort,
  lawful: (confirmed, aborted) =>
    (confirmed === 'ok' && aborted === 'UPLOAD_CONFIRMED') ||
    (confirmed === 'UPLOAD_ABORTED' && aborted === 'ok'),
  holds: (world, subject, confirmed) =>
    shows(confirmed === 'ok' ? PICTURE : EARLIER)(world, subject)
}

const erasing: Pair = {
  ...confirmMeets,
  second: erase,
  lawful: (confirmed, erased) => erased === 'ok' && (confirmed === 'ok' || isUndone(confirmed)),
  holds: showsNothing
}

const removing: Pair = {
  ...confirmMeets,
  second: remove,
  lawful: both,
  holds: async (world, subject) =>
    (await shows(PICTURE)(world, subject).catch(() => false)) || showsNothing(world, subject)
}

const creatingAndErasing: Pair = {
  first: 'create',
  prepare: erase.prepare,
  second: erase,
  lawful: (created, erased) => erased === 'ok' && ['ok', 'USER_ERASED'].includes(created),
  // Every token here was issued before the erasure: nothing may be open after it.
  holds: async ({ sql }, { id }) => {
    const open = await sql`select from uploads
      where user_id = ${id} and confirmed_at is null and discarded_at is null`
    return open.length === 0
  }
}

export const pairs: Record<string, Pair> = {
  'confirm ‖ confirm of the same upload (F11)': {
    ...confirmMeets,
    second: replace,
    lawful: both,
    holds: shows(PICTURE)
  },
  'confirm ‖ confirm of another upload (F12)': {
    first: 'confirm the first',
    prepare: async (_, subject) => {
      await send(subject, PICTURE)
      await send(subject, EARLIER)
    },
    second: { run: (instance, subject) => confirm(instance, subject, 1), repeats: true },
    lawful: both,
    holds: async (world, subject) =>
      (await shows(PICTURE)(world, subject)) || (await shows(EARLIER)(world, subject))
  },
  'confirm ‖ abort (F13)': aborting,
  'abort ‖ confirm (F13)': turned(aborting, 'abort', replace),
  'confirm ‖ sweep, upload and lease over (F14)': {
    ...confirmMeets,
    second: sweep,
    between: DAY,
    lawful: (confirmed, swept) => swept === 'ok' && ['ok', 'UPLOAD_EXPIRED'].includes(confirmed),
    holds: (world, subject, confirmed) =>
      shows(confirmed === 'ok' ? PICTURE : EARLIER)(world, subject)
  },
  'sweep ‖ confirm': {
    first: 'sweep',
    prepare: async (world, subject) => {
      await sweep.prepare(world, subject)
      await send(subject, EARLIER)
    },
    second: replace,
    lawful: both,
    holds: shows(EARLIER)
  },
  'confirm ‖ erase (F15)': erasing,
  'erase ‖ confirm (F15)': turned(erasing, 'erase', replace),
  'confirm ‖ remove': removing,
  'remove ‖ confirm': turned(removing, 'remove', replace),
  'create ‖ erase': creatingAndErasing,
  'erase ‖ create': turned(creatingAndErasing, 'erase', create),
  'sweep ‖ sweep (F45)': {
    first: 'sweep',
    prepare: sweep.prepare,
    second: sweep,
    lawful: both,
    holds: shows(PICTURE)
  },
  'erase ‖ sweep': {
    first: 'erase',
    prepare: erase.prepare,
    between: DAY,
    second: sweep,
    lawful: both,
    holds: showsNothing
  },
  'sweep ‖ erase': {
    first: 'sweep',
    prepare: sweep.prepare,
    second: erase,
    lawful: both,
    holds: showsNothing
  }
}

// The same two the other way round: now the other one fails or is held.
function turned(pair: Pair, first: OperationName, second: Pair['second']): Pair {
  const { lawful, holds } = pair
  return {
    ...pair,
    first,
    second,
    lawful: (one, two) => lawful(two, one),
    holds: (world, subject, one, two) => holds(world, subject, two, one)
  }
}
