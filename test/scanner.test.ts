// The scanner and its clock: every invariant's check, seen failing on code that is broken on purpose.

import t from 'tap'

import { BUCKET, startApp } from './support/app.ts'
import { startClock } from './support/clock.ts'
import { padded, png } from './support/pictures.ts'
import { scan } from './support/scanner.ts'

const picture = padded(png(8), 200)

t.test('the clock moves Postgres, the service, the sandbox and the tokens together', async (t) => {
  const { databaseUrl, user, sandbox, sql } = await startApp(t)
  const { advance } = await startClock(t, databaseUrl)
  const before = Date.now()
  const upload = await user('ada').createUpload(picture)

  await advance(86_400)

  t.ok(Math.abs(Date.now() - before - 86_400_000) < 60_000)
  t.ok(new Date() instanceof Date)
  t.match(await user('ada').read(upload), { state: 'expired' })
  t.equal((await user('ada').send(upload, picture)).status, 403, 'the grant is over')
  t.match(await user('ada').upload(picture), { upload: { state: 'confirmed' } })
  const [row] = await sql`select now() - max(created_at) < '1 minute' as recent from objects`
  t.ok(row!.recent, 'defaults move as well')
  t.strictSame(await scan(sql, sandbox.door, BUCKET), [])
})
