// The words for an upload's states, each a condition over the facts on its row.

import { sql } from '../db/drizzle.ts'

export const states = ['open', 'confirmed', 'rejected', 'aborted', 'expired'] as const
export type State = (typeof states)[number]

// The database's clock, so that every instance agrees on what has expired; and not now(), which
// stands still while a transaction waits for its turn. commit_upload() in the migrations says the same.
export const OPEN = `(uploads.confirmed_at is null and uploads.discarded_at is null
  and uploads.expires_at > statement_timestamp())`
export const isOpen = sql.raw(OPEN)

/** Exactly one state holds at any time; the janitor discards only what has already expired. */
export const STATE = `case
  when uploads.confirmed_at is not null then 'confirmed'
  when uploads.reasons is not null then 'rejected'
  when uploads.discarded_at < uploads.expires_at then 'aborted'
  when uploads.expires_at <= statement_timestamp() then 'expired'
  else 'open' end`
export const state = sql<State>`${sql.raw(STATE)}`
