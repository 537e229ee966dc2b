// The words for an upload's states, each a condition over the facts on its row.

import { sql } from '../db/drizzle.ts'
import { uploads } from '../db/schema.ts'

export const states = ['open', 'confirmed', 'rejected', 'aborted', 'expired'] as const
export type State = (typeof states)[number]

// The database's clock, so that every instance agrees on what has expired; and not now(), which
// stands still while a transaction waits for its turn.
export const isOpen = sql`(${uploads.confirmedAt} is null and ${uploads.discardedAt} is null
  and ${uploads.expiresAt} > statement_timestamp())`

/** Exactly one state holds at any time; the janitor discards only what has already expired. */
export const state = sql<State>`case
  when ${uploads.confirmedAt} is not null then 'confirmed'
  when ${uploads.reasons} is not null then 'rejected'
  when ${uploads.discardedAt} < ${uploads.expiresAt} then 'aborted'
  when ${uploads.expiresAt} <= statement_timestamp() then 'expired'
  else 'open' end`
