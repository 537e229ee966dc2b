// All that an instance does to the world goes over these two wires; cut both, and it is dead.

import { connect, createServer, type Server, type Socket } from 'node:net'

/** Where a death falls: the n-th message, lost, or carried out although nobody hears the answer. */
export interface Death {
  message: number
  when: 'before' | 'after'
}

export type Wires = Awaited<ReturnType<typeof startWires>>

/** Listens on two free ports and carries everything to Postgres and to S3. */
export async function startWires(databaseUrl: string, s3Endpoint: string) {
  const sockets = new Set<Socket>()
  let left = Number.POSITIVE_INFINITY
  let when: Death['when'] = 'before'
  let isDead = false
  const died = Promise.withResolvers<void>()
  let backends: number[] = []
  const postgres = serve(databaseUrl)
  const s3 = serve(s3Endpoint)

  function serve(target: string) {
    const { hostname, port } = new URL(target)
    return createServer({ noDelay: true }, (client) => {
      if (isDead) return client.destroy()
      const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
      for (const [one, other] of [
        [client, upstream],
        [upstream, client]
      ] as const) {
        sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          sockets.delete(one)
          if (!isDead) other.destroy()
        })
      }
      client.on('data', (message) => {
        if (isDead) return
        left -= 1
        if (left >= 0) return void upstream.write(message)
        if (when === 'after') upstream.end(message)
        die(when === 'after' ? upstream : undefined)
      })
      upstream.on('data', (answer) => void (isDead || client.write(answer)))
    })
  }

  // A message that is on its way is not called back, not even by its sender's death.
  function die(carrying?: Socket) {
    if (isDead) return
    isDead = true
    const { port } = new URL(databaseUrl)
    const toPostgres = [...sockets].filter(({ remotePort }) => `${remotePort}` === port)
    backends = toPostgres.flatMap(({ localPort }) => localPort ?? [])
    for (const socket of sockets) if (socket !== carrying) socket.destroy()
    for (const server of [postgres, s3]) server.close()
    died.resolve()
  }

  const urlOf = async (server: Server, target: string) => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = new URL(target)
    url.port = `${(server.address() as { port: number }).port}`
    return url.href.replace(/\/$/, '')
  }

  return {
    databaseUrl: await urlOf(postgres, databaseUrl),
    s3Endpoint: await urlOf(s3, s3Endpoint),
    /** From now on counts messages, and dies at the one that is named. */
    dieAt(death: Death) {
      left = death.message
      when = death.when
    },
    die: () => die(),
    death: died.promise,
    isDead: () => isDead,
    /** Ports of connections to Postgres that may still have had something to carry out. */
    backends: () => backends
  }
}
