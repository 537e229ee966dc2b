// A TCP proxy in front of Postgres that loses what it is told to lose.

import { connect, createServer, type Socket } from 'node:net'

import type { Test } from 'tap'

const EXECUTE = Buffer.from('E\0\0\0\x09\0\0\0\0\0', 'latin1')

export async function startProxy(t: Pick<Test, 'teardown'>, databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let refusing = false
  let delayMs = 0
  let silent = false
  let mute = new Set<Socket>()
  let losing: { text: string; forward: boolean; reset?: boolean } | undefined

  const isStatement = target.protocol.startsWith('postgres')
  const server = createServer((client) => {
    if (refusing) return client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    if (delayMs > 0) {
      upstream.pause()
      setTimeout(() => upstream.resume(), delayMs)
    }
    const pair = [client, upstream]
    let answersAreLost = false
    let hasPassed = false // the text; what executes it comes in a message of its own
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => pair.forEach((end) => void end.destroy()))
    }
    client.on('data', (chunk) => {
      if (silent || mute.has(client)) return
      if (losing && chunk.includes(losing.text) && isStatement && !chunk.includes(EXECUTE)) {
        hasPassed = true
      } else if (losing && (hasPassed || chunk.includes(losing.text))) {
        const { forward, reset } = losing
        losing = undefined
        answersAreLost = true
        if (reset) return client.resetAndDestroy()
        if (!forward) return client.destroy()
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => void (answersAreLost ? client.destroy() : client.write(chunk)))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const destroyAll = () => sockets.forEach((socket) => void socket.destroy())
  t.teardown(() => {
    destroyAll()
    server.close()
  })

  const url = new URL(databaseUrl)
  url.port = `${(server.address() as { port: number }).port}`
  // Or a statement's text would pass but once; S3 too is put behind one of these.
  if (isStatement) url.searchParams.set('prepare', 'false')
  return {
    url: url.href,
    /** The next message with this text arrives, or the statement's execution, but its answer does not. */
    loseAnswerTo: (text: string) => (losing = { text, forward: true }),
    /** The next message with this text does not arrive. */
    lose: (text: string) => (losing = { text, forward: false }),
    /** The next message with this text does not arrive; the connection is not closed but reset. */
    resetAt: (text: string) => (losing = { text, forward: false, reset: true }),
    refuse() {
      refusing = true
      destroyAll()
    },
    /** Whatever is sent from now on arrives nowhere. */
    silence() {
      silent = true
    },
    /** Connections made from now on hear nothing for so long. */
    delayConnections(ms: number) {
      delayMs = ms
    },
    /** Whatever is open now is never heard of again; new connections work. */
    silenceOpenConnections() {
      mute = new Set(sockets)
    },
    recover() {
      refusing = false
      silent = false
      destroyAll()
    }
  }
}
