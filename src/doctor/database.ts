// Checks: Postgres answers, is migrated, has our time, and the bucket is its own.

import { readFileSync } from 'node:fs'

import { sql } from '../db/drizzle.ts'
import { errorCode, withoutQuery } from '../db/errors.ts'
import { installation } from '../db/schema.ts'
import { readLabel } from '../s3/label.ts'
import { type Check, fail, pass, type Subject } from './check.ts'
import { sentence } from './errors.ts'

const MOST_SKEW_MS = 30_000 // as in /health/ready
const JOURNAL = new URL('../../migrations/meta/_journal.json', import.meta.url)

export const database: Check[] = [
  { name: 'database', run: answers },
  { name: 'clock of the database', needs: ['database'], run: clock },
  { name: 'migrations', needs: ['database'], run: migrations },
  { name: 'label', needs: ['migrations', 'what is missing'], run: label }
]

async function answers({ db }: Subject) {
  try {
    const asked = sql`select current_setting('transaction_read_only') = 'on' as "readOnly"`
    const [row] = await db.execute<{ readOnly: boolean }>(asked)
    if (!row!.readOnly) return pass('answers')
    return fail('takes no writes', 'DATABASE_URL has to lead to the primary, not to a replica')
  } catch (err) {
    return fail(sentence(withoutQuery(err)), 'look at DATABASE_URL, and whether it runs')
  }
}

async function clock({ db, now }: Subject) {
  const asked = sql`select extract(epoch from clock_timestamp())::float * 1000 as now`
  const [row] = await db.execute<{ now: number }>(asked)
  const skewMs = now().getTime() - row!.now
  const detail = `${Math.round(skewMs / 1000)} s from that of Postgres`
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return pass(detail)
  return fail(detail, 'set the clocks, by NTP: pictures could go before their URLs end')
}

async function migrations({ db }: Subject) {
  const { entries } = JSON.parse(readFileSync(JOURNAL, 'utf8')) as { entries: { when: number }[] }
  const asked = sql`select created_at as at from drizzle.__drizzle_migrations`
  const applied = await db.execute<{ at: string }>(asked).catch(noneIfNoTable)
  const times = new Set(applied.map(({ at }) => Number(at)))
  const lacking = entries.filter(({ when }) => !times.has(when)).length
  if (lacking === 0) return pass(`all ${entries.length} applied`)
  return fail(`${lacking} of ${entries.length} are not applied`, 'directo migrate')
}

const noneIfNoTable = (err: unknown) =>
  /^(42P01|3F000)$/.test(errorCode(err)) ? [] : Promise.reject(withoutQuery(err))

async function label({ db, s3 }: Subject) {
  const [ours] = await db.select().from(installation)
  const found = await readLabel(s3)
  if (found === null) return pass('none yet: the first sweep labels the bucket')
  if (found === ours?.id) return pass('the bucket belongs to this database')
  const detail = `the bucket belongs to database ${found}, but this is ${ours?.id}`
  return fail(detail, 'use the other database, or: directo bucket adopt')
}
