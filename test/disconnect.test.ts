// F43: whoever hangs up in the middle of a confirm finds it done, or can do it again.

import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'

import t from 'tap'

import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 200_000)
const moments = ['HeadObject', 'CopyObject', 'GetObject'] as const

t.test('F43: a client that is gone at any step of a confirm', async (t) => {
  const { ada, app, sandbox, sql } = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }

  async function hangUp(id: string, reached: Promise<unknown>) {
    const socket = connect(port, '127.0.0.1')
    const head = `POST /api/uploads/${id}/confirm HTTP/1.1\r\nhost: x\r\n`
    socket.write(`${head}authorization: Bearer ${ada.token}\r\ncontent-length: 0\r\n\r\n`)
    await reached
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  const connections = promisify(app.server.getConnections.bind(app.server))
  const ended = async () => {
    while ((await connections()) > 0) await new Promise((done) => setTimeout(done, 5))
  }

  for (const verb of moments) {
    for (const when of ['before', 'after'] as const) {
      const upload = await ada.sent(picture)
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
      const { promise: gone, resolve: go } = Promise.withResolvers<void>()
      sandbox.misbehave[when]({ verb, times: 1 }, () => {
        reach()
        return gone
      })
      await hangUp(upload.id, reached)
      await ended()
      go()
      const { avatar } = await ada.confirm(upload)
      t.ok(picture.equals(await download(avatar.url)), `${when} ${verb}`)
    }
  }

  const upload = await ada.sent(picture)
  const waiting = () => sql`select 1 from pg_locks where not granted`
  await sql.begin(async (tx) => {
    await tx`select 1 from users where id = 'ada' for update`
    const blocked = (async () => {
      while ((await waiting()).length === 0) await new Promise((done) => setTimeout(done, 5))
    })()
    await hangUp(upload.id, blocked)
    await ended()
  })
  t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } }, 'while it commits')
  const live = await sql`select 1 from objects where live`
  t.equal(live.length, 1)
})

t.test('a client that is gone in the middle of its body is no failure of ours', async (t) => {
  const { ada, app, deps } = await startApp(t, { METRICS_TOKEN: 'm'.repeat(32) })
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const { problems } = deps.metrics!
  const told = () => Object.entries(problems).filter(([, { value }]) => value > 0)
  for (const path of ['/api/uploads', '/nowhere']) {
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ada.token}\r\n`
    const asked = once(app.server, 'request')
    socket.write(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":`)
    await asked
    socket.destroy()
  }
  while (problems.BAD_REQUEST.value < 2 && problems.DATABASE_UNAVAILABLE.value === 0) {
    await new Promise((done) => setTimeout(done, 5))
  }
  t.same(told(), [['BAD_REQUEST', { value: 2 }]])
})
