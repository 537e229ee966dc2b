// Statements in plain SQL, for the paths where building one costs more than running it.

import type { Database } from './client.ts'

type Parameter = string | number | null

/**
 * A statement that Postgres prepares once for each connection. `?prepare=false` in DATABASE_URL turns
 * that off, for poolers that hand out another connection each time.
 * @param text SQL with $1, $2 … for its parameters
 * @returns what runs it: its rows, by the names of their columns; times and bigints are text
 */
export const statement =
  <Row>(text: string) =>
  async (db: Database, ...parameters: Parameter[]) =>
    (await db.$client.unsafe(text, parameters, { prepare: true })) as unknown as Row[]
