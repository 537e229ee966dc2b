// What a busy store is asked: little, or it stays busy.

import t from 'tap'

import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'

const picture = padded(png(64), 400)

t.test('a store that stays busy is asked three times for each step, no more', async (t) => {
  const { ada, sandbox } = await startApp(t)
  const upload = await ada.sent(picture)
  for (const verb of ['HeadObject', 'CopyObject', 'GetObject'] as const) {
    const undo = sandbox.misbehave.fail(verb, { status: 503, code: 'SlowDown' })
    const before = sandbox.requests.length
    await t.rejects(ada.confirm(upload), { status: 503, code: 'STORAGE_UNAVAILABLE' })
    const verbs = sandbox.requests.slice(before).map(({ verb }) => verb)
    t.equal(verbs.filter((asked) => asked === verb).length, 3, `${verb}: ${verbs}`)
    undo()
  }
  t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })
})
