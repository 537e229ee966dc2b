// The S3 sandbox: an S3 for development and tests that enforces what was signed.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { checkBucketName } from './buckets.ts'
import type { Credentials, Deps } from './deps.ts'
import { type Door, doorOf } from './door.ts'
import { exchange, type LoggedRequest } from './exchange.ts'
import { type Misbehaviour, misbehaviour } from './misbehave.ts'
import { diskStore } from './store-disk.ts'
import { memoryStore } from './store-memory.ts'

export interface SandboxOptions {
  /** 0, which is the default, finds a free one. */
  port?: number
  /** 127.0.0.1 by default: the secret is no secret. */
  host?: string
  accessKeyId?: string
  secretAccessKey?: string
  /** When given, every request must carry it. */
  sessionToken?: string
  /** us-east-1 by default. */
  region?: string
  /** Made at the start, if they are not there yet. */
  buckets?: string[]
  /** Where to keep everything; in memory when not given. */
  folder?: string
  /** By default 64 MiB in memory, 5 GiB (as S3 has it) on disk. */
  maxObjectBytes?: number
  now?: () => Date
}

export interface Sandbox {
  endpoint: string
  port: number
  region: string
  credentials: Credentials
  misbehave: Misbehaviour
  /** Everything that came in, oldest first. */
  requests: LoggedRequest[]
  /** To look at objects and change them without a signature. */
  door: Door
  close: () => Promise<void>
}

const MiB = 1024 * 1024

/** @throws Node's own error (EADDRINUSE, EACCES …) when it cannot listen */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', region = 'us-east-1', buckets = [] } = options
  buckets.forEach(checkBucketName)
  const misbehave = misbehaviour()
  const deps: Deps = {
    store: options.folder === undefined ? memoryStore() : diskStore(options.folder),
    credentials: {
      accessKeyId: options.accessKeyId ?? 'sandbox',
      secretAccessKey: options.secretAccessKey ?? 'sandbox-not-a-secret',
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken })
    },
    region,
    endpoint: '',
    maxObjectBytes: options.maxObjectBytes ?? (options.folder ? 5 * 1024 * MiB : 64 * MiB),
    lies: misbehave.lies,
    misbehave,
    now: options.now ?? (() => new Date())
  }
  const requests: LoggedRequest[] = []
  const server = serverOf(deps, requests)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  deps.endpoint = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
  const door = doorOf(deps)
  buckets.forEach(door.createBucket)
  return {
    endpoint: deps.endpoint,
    port: address.port,
    region,
    credentials: deps.credentials,
    misbehave,
    requests,
    door,
    close: () => close(server)
  }
}

function serverOf(deps: Deps, requests: LoggedRequest[]): Server {
  // a large upload takes its time, and a hanging answer is meant to hang
  const server = createServer({ requestTimeout: 0 })
  server.on('request', (request, response) => exchange(deps, requests, request, response, false))
  server.on('checkContinue', (request, response) =>
    exchange(deps, requests, request, response, true)
  )
  return server
}

async function close(server: Server) {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
