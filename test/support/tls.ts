// TLS in front of a server that has none, with whatever certificate a test wants.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

import type { Test } from 'tap'

import type { certificateFor } from './certificate.ts'

type Certificate = ReturnType<typeof certificateFor>
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')

/**
 * Ends TLS and passes on what it carries. `certificate` may be replaced at any time; where `refusing`,
 * Postgres says that it has no TLS. `heard` is the beginning of each connection as it came, in plain.
 */
export async function startTls(t: Test, targetPort: number, certificate: Certificate) {
  const served = { port: 0, certificate, refusing: false, heard: [] as Buffer[] }
  const sockets = new Set<Socket>()

  const outer = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (chunk) => {
      served.heard.push(chunk)
      if (!chunk.equals(SSL_REQUEST)) return encrypted(socket, chunk)
      if (!served.refusing) return socket.write('S', () => encrypted(socket))
      socket.on('data', (more) => served.heard.push(more)).write('N')
    })
  })

  function encrypted(socket: Socket, chunk?: Buffer) {
    socket.pause()
    if (chunk) socket.unshift(chunk)
    const inner = createTlsServer(served.certificate, (client) => {
      const upstream = connect(targetPort, '127.0.0.1')
      sockets.add(upstream)
      upstream.on('error', () => client.destroy())
      client.on('error', () => upstream.destroy())
      client.pipe(upstream).pipe(client)
    })
    inner.on('tlsClientError', () => socket.destroy())
    inner.emit('connection', socket)
  }

  outer.listen(0, '127.0.0.1')
  await once(outer, 'listening')
  served.port = (outer.address() as AddressInfo).port
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    outer.close()
  })
  return served
}
