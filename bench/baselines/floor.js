// The least that Directo's calls cost in this stack: the same exchanges, with nothing said in them.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import fastify from 'fastify'
import postgres from 'postgres'

const ANSWER = JSON.stringify({ text: 'x'.repeat(1400) })
const RANGE_BYTES = 65_536

const sql = postgres(process.env.DATABASE_URL, { fetch_types: false, max: 10 })
const run = (text) => (n) => sql.unsafe(text, [`${n}`], { prepare: true })
const ask = run('select $1::text as answer')
await sql.unsafe('create table if not exists floor (answer text)')
const keep = run('insert into floor values ($1) returning answer')

const store = fork(fileURLToPath(new URL('floor-store.js', import.meta.url)))
process.once('disconnect', () => process.exit()) // takes the store along
const [port] = await once(store, 'message')
const agent = new http.Agent({ keepAlive: true, maxSockets: 100 })

async function call(method) {
  const sent = http.request({ agent, host: '127.0.0.1', port, method, path: '/' }).end()
  const [answer] = await once(sent, 'response')
  return buffer(answer)
}

const app = fastify()

// Durable, as the row of an upload is: whoever waits for a disk has gone to sleep, and to wake them costs.
app.post('/api/uploads', async (request, reply) => {
  await keep(request.body.sizeBytes)
  return reply.code(201).type('application/json').send(ANSWER)
})

// One request does what the three of an avatar do: four statements, HEAD, COPY and two ranges.
app.post('/avatar', async (_request, reply) => {
  await ask(1)
  await Promise.all([ask(2), call('HEAD')])
  await call('PUT')
  const ranges = await Promise.all([call('GET'), call('GET')])
  if (ranges.some(({ length }) => length !== RANGE_BYTES)) throw new Error('too few bytes')
  await ask(3)
  await ask(4)
  return reply.type('application/json').send(ANSWER)
})

await app.listen({ host: '127.0.0.1', port: process.env.PORT })
