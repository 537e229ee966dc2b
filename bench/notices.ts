// A relay in front of Postgres that keeps the notices it sends: auto_explain's plans among them.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

import type { Ends } from '../test/support/process.ts'

const HEAD_BYTES = 5 // type, and length without the type

/** `url` leads to the same database through here; `take` answers the notices since the last time. */
export async function startNotices(ends: Ends, databaseUrl: string) {
  const { hostname, port } = new URL(databaseUrl)
  let notices: string[] = []
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const read = noticesOf((text) => notices.push(text))
    upstream.on('data', read)
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      from.setNoDelay().pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.teardown(() => server.close())
  const here = server.address() as AddressInfo
  const take = () => {
    const taken = notices
    notices = []
    return taken
  }
  return { url: Object.assign(new URL(databaseUrl), { port: here.port }).href, take }
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
function noticesOf(found: (text: string) => void) {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= HEAD_BYTES) {
      const end = 1 + rest.readInt32BE(1)
      if (rest.length < end) return
      if (rest[0] === 'N'.charCodeAt(0)) {
        const fields = rest.toString('utf8', HEAD_BYTES, end).split('\0')
        found(fields.find((field) => field.startsWith('M'))!.slice(1))
      }
      rest = rest.subarray(end)
    }
  }
}
