// Load on one server, made by autocannon in a process of its own.

import { offer } from './remote.ts'
import { readerId } from './rows.ts'

export interface LoadRequest {
  method: 'GET' | 'POST'
  /** Each `{reader}` in it is another reader every time. */
  path: string
  headers?: Record<string, string>
  body?: string
}
export interface Load {
  url: string
  /** Sent in turn, each connection beginning somewhere else. */
  requests: LoadRequest[]
  connections: number
  seconds: number
  /** Any other answer is a failure. */
  status: number
  /** How many readers there are to choose from. */
  readers?: number
}

const functions = {
  async run({ url, requests, connections, seconds, status, readers = 0 }: Load) {
    const each = Math.floor(requests.length / connections)
    let clients = 0
    const setupClient = (client: Client) => {
      const from = each * clients++
      client.setRequests(requests.slice(from, from + each).map(atRandom(readers)))
    }
    const waits: number[] = []
    let failures = 0
    const startedAt = performance.now()
    const run = autocannon({ url, connections, duration: seconds, setupClient })
    run.on('response', (_client, answered, _bytes, ms) => {
      if (answered === status) waits.push(ms)
      else failures += 1
    })
    const { errors } = await run
    return { waits, failures: failures + errors, seconds: (performance.now() - startedAt) / 1000 }
  }
}
export type LoadFunctions = typeof functions

const atRandom = (readers: number) => (request: LoadRequest) => {
  const { path } = request
  if (!path.includes('{reader}')) return request
  const anybody = () => readerId(1 + Math.floor(Math.random() * readers))
  const setupRequest = (sent: LoadRequest) => ({
    ...sent,
    path: path.replaceAll('{reader}', anybody)
  })
  return { ...request, setupRequest }
}

// The bench's own dependencies are not there when types are checked.
const library = 'autocannon'
const { default: autocannon }: { default: (options: object) => Run } = await import(library)

interface Client {
  setRequests: (requests: LoadRequest[]) => void
}
interface Run extends PromiseLike<{ errors: number }> {
  on: (
    name: 'response',
    listener: (client: Client, status: number, bytes: number, ms: number) => void
  ) => void
}

offer(functions)
