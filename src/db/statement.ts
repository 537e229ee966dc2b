// Statements in plain SQL, for the paths where building one costs more than running it.

import { TRANSACTION } from '../calls.ts'
import type { Database } from './client.ts'
import { retryConflicts } from './errors.ts'

type Parameter = string | number | null

const names = new Map([[TRANSACTION, TRANSACTION]])

/**
 * @param name what metrics call it
 * @param text SQL with $1, $2 … for its parameters
 * @returns what runs it, again where Postgres chose it as the one to yield: its rows, by the names of
 *   their columns; times and bigints are text
 */
export function statement<Row>(name: string, text: string) {
  names.set(text, name)
  return (db: Database, ...parameters: Parameter[]) =>
    retryConflicts(async () => (await db.$client.unsafe(text, parameters)) as unknown as Row[])
}

/** What a statement does: its name, or its verb. Never more than a few words in all. */
export function operationOf(text: string) {
  const name = names.get(text)
  if (name) return name
  const [, verb = 'other'] = /^\s*(select|insert|update|delete)\b/i.exec(text) ?? []
  return verb.toLowerCase()
}
