// Five hundred connections that send a byte a second, or nothing: each is closed in time, and others are
// answered meanwhile (THREATS T60).

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import t from 'tap'

import { startApp } from '../support/app.ts'
import { padded, png } from '../support/pictures.ts'

const SLOW = 500
const head = 'POST /api/uploads HTTP/1.1\r\nhost: x\r\n'
const bodyOf = (token: string) =>
  `${head}authorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`
// Headers have 10 s, a request 15 s; they are looked at every 2 s, and what was said last has to arrive.
const LONGEST_MS = 20_000

t.test('slow connections end with 408, and nobody else notices', async (t) => {
  const { app, ada, user } = await startApp(t)
  await ada.upload(padded(png(64), 400))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const begunAt = performance.now()
  const slow = Array.from({ length: SLOW }, (_, i) => {
    const starts = ['', head, bodyOf(user(`slow-${i}`).token)]
    return trickle(port, starts[i % starts.length]!)
  })
  t.teardown(() => slow.map(({ socket }) => socket.destroy()))
  const ended = Promise.all(slow.map(({ closed }) => closed)).then((answers) => ({
    answers,
    ms: performance.now() - begunAt
  }))

  const url = `http://127.0.0.1:${port}/api/users/me/avatar`
  const headers = { authorization: `Bearer ${ada.token}` }
  const others: number[] = []
  let isOver = false
  void ended.then(() => (isOver = true))
  while (!isOver) {
    const reply = await fetch(url, { headers, signal: AbortSignal.timeout(5000) })
    await reply.arrayBuffer()
    others.push(reply.status)
    await sleep(20)
  }

  const { answers, ms } = await ended
  t.ok(ms <= LONGEST_MS, `the last one ended after ${Math.round(ms)} ms`)
  const refused = answers.filter((answer) => /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/.test(answer))
  t.equal(refused.length, SLOW, 'each was told why')
  t.ok(others.length > 100, `${others.length} others were answered`)
  t.same([...new Set(others)], [200])
})

function trickle(port: number, start: string) {
  const socket: Socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk))
  socket.on('error', () => {}) // our byte may meet its end
  if (start) socket.write(start)
  const timer = setInterval(() => start && socket.write('x'), 1000)
  const closed = new Promise<string>((done) => {
    socket.on('close', () => {
      clearInterval(timer)
      done(answer)
    })
  })
  return { socket, closed }
}
