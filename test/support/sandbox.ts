// The S3 sandbox for a test, and requests to it that are signed, and sent, by hand.

import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

import { S3Client } from '@aws-sdk/client-s3'
import type { Test } from 'tap'

import type { Deps } from '../../src/dev/sandbox/deps.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/dev/sandbox/server.ts'
import { signerOf } from '../../src/dev/sandbox/signer.ts'

export const BUCKET = 'pictures'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

type Server = Pick<Sandbox, 'endpoint' | 'region' | 'credentials'>

/** A sandbox with one bucket, closed when the test ends, and a client for it. */
export async function startTestSandbox(t: Test, options: SandboxOptions = {}) {
  const sandbox = await startSandbox({ buckets: [BUCKET], ...options })
  t.teardown(() => sandbox.close())
  return { sandbox, s3: clientOf(t, sandbox) }
}

/** The official client, one attempt a call so that every answer is seen. */
export function clientOf(t: Test, { endpoint, region, credentials }: Server): S3Client {
  const settings = {
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    logger: SILENT
  }
  const client = new S3Client(settings)
  t.teardown(() => client.destroy())
  return client
}

export interface RawRequest {
  method: string
  /** With the query, encoded. */
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** The code of an XML error. */
  code: string | undefined
}

/** Sends exactly that, and nothing more than HTTP requires. */
export function sendRaw(
  { endpoint }: Pick<Server, 'endpoint'>,
  { method, path, headers, body }: RawRequest
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(endpoint)
    const outgoing = request({ hostname, port, method, path, headers, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      text(response).then((body) => {
        const code = /<Code>(.*?)<\/Code>/.exec(body)?.[1]
        resolve({ status: response.statusCode!, headers: response.headers, body, code })
      }, reject)
    })
    outgoing.end(body)
  })
}

export interface SigningOptions {
  at?: Date
  /** What to say about the body instead of its hash. */
  payload?: string
}

/** Adds an Authorization header for everything in the request. */
export async function signed(
  server: Server,
  { path, headers = {}, ...rest }: Partial<RawRequest> & { method: string; path: string },
  { at = new Date(), payload = 'UNSIGNED-PAYLOAD' }: SigningOptions = {}
): Promise<RawRequest> {
  const url = new URL(path, server.endpoint)
  const request = await signerOf(server as Deps).sign(
    {
      method: rest.method,
      protocol: 'http:',
      hostname: '',
      path: path.split('?')[0]!,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host, 'x-amz-content-sha256': payload }
    },
    { signingDate: at }
  )
  return { ...rest, path, headers: request.headers }
}

/** Signs and sends. */
export async function sendSigned(
  server: Server,
  request: Partial<RawRequest> & { method: string; path: string },
  options?: SigningOptions
): Promise<RawAnswer> {
  return sendRaw(server, await signed(server, request, options))
}
