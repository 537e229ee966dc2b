// A relay in front of Postgres that notes when each exchange with it was under way.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

import type { Span } from './measure.ts'
import { offer } from './remote.ts'

let spans: Span[] = []

const functions = {
  /** Answers the address that leads to the same database through here. */
  async relay(url: string) {
    const { hostname, port } = new URL(url)
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      let exchange: Span | undefined // ends when the client speaks again
      client.on('data', () => {
        if (exchange && exchange.to === exchange.from) return // not answered yet: one exchange
        const now = performance.now()
        exchange = { from: now, to: now }
        spans.push(exchange)
      })
      upstream.on('data', () => {
        if (exchange) exchange.to = performance.now()
      })
      for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
        from.setNoDelay().pipe(to)
        from.on('error', () => to.destroy())
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const here = server.address() as AddressInfo
    return Object.assign(new URL(url), { port: here.port }).href
  },
  /** The exchanges since the last time: statements that were sent together are one. */
  takeSpans() {
    const taken = spans
    spans = []
    return taken
  }
}
export type RelayFunctions = typeof functions

offer(functions)
