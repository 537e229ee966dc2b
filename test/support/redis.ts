// A Redis for tests: it speaks its protocol, keeps buckets as our script does, and misbehaves when told to.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

import type { Ends } from './process.ts'

/** How it answers: as it should, not at all, with nonsense, with an error, as a replica, or by hanging up. */
type Mood = 'well' | 'silent' | 'garbage' | 'error' | 'replica' | 'gone'

const garbage = '$-77\r\nHTTP/1.1 400 Bad Request\r\n\r\n\0\0'

export async function startRedis(t: Ends, { password = '' } = {}) {
  const sockets = new Set<Socket>()
  const fullAt = new Map<string, number>()
  const redis = {
    url: '',
    mood: 'well' as Mood,
    /** The keys of the buckets that were asked for, in turn. */
    asked: [] as string[],
    /** How far its clock was set back. */
    behindMs: 0,
    /** How many connections were ever made. */
    connections: 0,
    become(mood: Mood) {
      redis.mood = mood
      if (mood === 'gone') for (const socket of sockets) socket.destroy()
    }
  }
  const server = createServer((socket) => {
    redis.connections++
    if (redis.mood === 'gone') return socket.destroy()
    sockets.add(socket)
    let isKnown = password === ''
    let text = ''
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let parsed = parse(text); parsed; parsed = parse(text)) {
        text = text.slice(parsed.length)
        const [name = '', ...rest] = parsed.words
        if (name.toUpperCase() === 'AUTH') isKnown = rest.at(-1) === password
        if (redis.mood === 'garbage') socket.write(garbage)
        else if (redis.mood === 'error') socket.write('-LOADING Redis is loading\r\n')
        else if (!isKnown) socket.write('-NOAUTH Authentication required.\r\n')
        else if (redis.mood === 'replica' && name.toUpperCase() === 'EVAL')
          socket.write("-READONLY You can't write against a read only replica.\r\n")
        else if (redis.mood !== 'silent') socket.write(answer(name.toUpperCase(), rest))
      }
    })
  })

  function answer(name: string, words: string[]) {
    if (name === 'PING') return '+PONG\r\n'
    if (name !== 'EVAL') return '+OK\r\n'
    const [, , key = '', cost = ''] = words
    if (!key.endsWith(':probe')) redis.asked.push(key)
    const now = Date.now() - redis.behindMs
    const full = Math.max(fullAt.get(key) ?? 0, now)
    const isTaken = full - now + Number(cost) <= 60_000.5
    const after = isTaken ? full + Number(cost) : full
    fullAt.set(key, after)
    return `*2\r\n:${isTaken ? 1 : 0}\r\n:${Math.floor(after - now)}\r\n`
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  redis.url = `redis://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${port}`
  return redis
}

// A command is `*2\r\n$4\r\nPING\r\n$2\r\nhi\r\n`; null while it is not there whole.
function parse(text: string) {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (!head) return null
  let length = head[0].length
  const words: string[] = []
  while (words.length < Number(head[1])) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(length))
    if (!size) return null
    const from = length + size[0].length
    length = from + Number(size[1]) + 2
    if (text.length < length) return null
    words.push(text.slice(from, length - 2))
  }
  return { words, length }
}
