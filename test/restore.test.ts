// T74: a Postgres that was restored to an earlier time. Nothing is destroyed before somebody can have
// looked, and who points at what is gone is named.

import type { Sql } from 'postgres'
import t from 'tap'

import { adoptBucket } from '../src/janitor/label.ts'
import { type Finding, reconcile } from '../src/janitor/reconcile.ts'
import { sweep } from '../src/janitor/sweep.ts'
import { BUCKET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { download } from './support/send.ts'

const [first, second] = [padded(png(64), 400), padded(png(32), 500)]
const HOUR = 3600

t.test('T74: soon restored, all is there; later, what is missing is named', async (t) => {
  const { ada, bob, deps, sql, sandbox, databaseUrl } = await startApp(t)
  const { advance } = await startClock(t, databaseUrl)
  await adoptBucket(deps)
  await ada.upload(first)
  const restore = await backUp(sql)
  const keys = () => sandbox.door.list(BUCKET, 'avatars/').length

  await ada.upload(second)
  await bob.upload(second)
  await restore()
  t.same(
    await download((await ada.avatar()).url),
    first,
    'within the life of a URL nothing is gone'
  )
  await sweep(deps)
  t.match(await reconcile(deps), { strays: 0, dangling: 0 }, 'strays have their grace')
  t.equal(keys(), 3)

  await ada.upload(second)
  await advance(3 * HOUR)
  t.match(await sweep(deps), { errors: [] })
  t.equal(keys(), 3, 'the first picture is gone, what nobody knows is not')
  await restore()
  const named: Finding[] = []
  const found = await reconcile(deps, { dryRun: true, report: (one) => void named.push(one) })
  t.match(found, { strays: 0, dangling: 1 })
  t.match(
    named.filter((one) => 'dangling' in one),
    [{ dangling: { userId: 'ada' } }]
  )
  await advance(13 * HOUR)
  await reconcile(deps)
  t.equal(keys(), 0, 'until then there was time to look')
})

/** @returns what puts back the rows that there are now */
async function backUp(sql: Sql) {
  const tables = ['uploads', 'objects', 'users'] as const
  const rows = new Map<string, string>()
  for (const table of tables) {
    const [row] = await sql`select coalesce(json_agg(it), '[]')::text as rows from ${sql(table)} it`
    rows.set(table, row!.rows)
  }
  const columns = await sql`
    select table_name as table, string_agg(quote_ident(column_name), ', ') as names
    from information_schema.columns
    where table_schema = 'public' and is_generated = 'NEVER' group by 1`
  return () =>
    sql.begin(async (tx) => {
      for (const table of tables.toReversed()) await tx`delete from ${tx(table)}`
      for (const table of tables) {
        const { names } = columns.find((one) => one.table === table)!
        const from = `insert into ${table} (${names}) select ${names} from
          json_populate_recordset(null::${table}, $1::text::json)`
        await tx.unsafe(from, [rows.get(table)!])
      }
    })
}
