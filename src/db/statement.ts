// Statements in plain SQL, for the paths where building one costs more than running it.

import type { Database } from './client.ts'
import { retryConflicts } from './errors.ts'

type Parameter = string | number | null

/**
 * @param text SQL with $1, $2 … for its parameters
 * @returns what runs it, again where Postgres chose it as the one to yield: its rows, by the names of
 *   their columns; times and bigints are text
 */
export const statement =
  <Row>(text: string) =>
  (db: Database, ...parameters: Parameter[]) =>
    retryConflicts(async () => (await db.$client.unsafe(text, parameters)) as unknown as Row[])
