// Drizzle by its CommonJS build: for each of its 200 ES modules Node parses its package.json of 179 kB.

import { createRequire } from 'node:module'

export type { SQL } from 'drizzle-orm'

const load = createRequire(import.meta.url ?? __filename) // drizzle-kit makes CommonJS of our tables

export const { and, DrizzleQueryError, eq, inArray, isNull, sql }: typeof import('drizzle-orm') =
  load('drizzle-orm')

export const {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique
}: typeof import('drizzle-orm/pg-core') = load('drizzle-orm/pg-core')

export const { drizzle }: typeof import('drizzle-orm/postgres-js') = load('drizzle-orm/postgres-js')

export const { migrate }: typeof import('drizzle-orm/postgres-js/migrator') = load(
  'drizzle-orm/postgres-js/migrator'
)
