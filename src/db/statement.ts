// Statements in plain SQL, for the paths where building one costs more than running it.

import type { Database } from './client.ts'

type Parameter = string | number | null

/**
 * @param text SQL with $1, $2 … for its parameters
 * @returns what runs it: its rows, by the names of their columns; times and bigints are text
 */
export const statement =
  <Row>(text: string) =>
  async (db: Database, ...parameters: Parameter[]) =>
    (await db.$client.unsafe(text, parameters)) as unknown as Row[]
