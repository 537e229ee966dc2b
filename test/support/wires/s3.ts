// The wire between one instance and S3: knows every request that passes, by verb and prefix.

import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

import { readCall } from '../../../src/dev/sandbox/call.ts'
import type { Ends } from '../process.ts'
import type { Board } from './board.ts'

/** @returns the endpoint to give to the instance; clients go on using the store's own */
export async function startS3Wire(t: Ends, board: Board, endpoint: string) {
  const { hostname, port } = new URL(endpoint)
  const agent = new Agent({ keepAlive: true })
  const forward = (incoming: IncomingMessage, body: Buffer) =>
    new Promise<{ answer: IncomingMessage; body: Buffer }>((resolve, reject) => {
      const { method, url: path, headers } = incoming
      const outgoing = request({ hostname, port, method, path, headers, agent })
      outgoing.on('error', reject)
      outgoing.on('response', (answer) => {
        buffer(answer).then((body) => resolve({ answer, body }), reject)
      })
      outgoing.end(body)
    })

  async function exchange(incoming: IncomingMessage, response: ServerResponse) {
    const name = requestName(incoming)
    const sent = await buffer(incoming)
    const effect = name === null ? null : board.enter('s3', name)
    const ask = async (when: 'before' | 'after') =>
      effect ? board.ask({ ...effect, when }) : board.isDead ? 'cut' : 'pass'
    const before = await ask('before')
    if (before === 'cut') return incoming.socket.destroy()
    if (before !== 'pass') return unavailable(response)
    const { answer, body } = await forward(incoming, sent)
    const after = await ask('after')
    if (after === 'cut') return incoming.socket.destroy()
    if (after !== 'pass') return unavailable(response)
    response.writeHead(answer.statusCode!, answer.headers).end(body)
  }

  const server = createServer((incoming, response) => {
    exchange(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  board.onCut(() => server.closeAllConnections())
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
    agent.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function requestName(incoming: IncomingMessage) {
  const { verb, key, query } = readCall(incoming, async function* () {})
  if (verb === 'HeadBucket') return null // probes of health
  const prefix = (key || query.prefix?.[0] || '').split('/')[0]
  return prefix ? `${verb} ${prefix}` : verb
}

function unavailable(response: ServerResponse) {
  const body = '<Error><Code>SlowDown</Code><Message>failed on purpose</Message></Error>'
  response.writeHead(503, { 'content-type': 'application/xml' }).end(body)
}
