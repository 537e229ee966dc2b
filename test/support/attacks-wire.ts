// One request of an attack: any method, path and headers as they stand, any body, whole or cut off.

import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

import type { Refusal } from './attacks-target.ts'
import type { RawRequest } from './sandbox.ts'

export interface Bytes extends Omit<RawRequest, 'headers'> {
  headers: Record<string, string | string[]>
  body: Buffer
  /** Cut off so many bytes before the end, then closes the connection. */
  cutBytes: number
}

/** Answers with what the store says, and with status 0 when it says nothing. */
export function sendBytes(endpoint: string, bytes: Bytes): Promise<Refusal> {
  const { method, path, headers, body, cutBytes } = bytes
  const { hostname, port } = new URL(endpoint)
  if (!headers['transfer-encoding']) headers['content-length'] ??= `${body.length}`
  return new Promise((resolve) => {
    const outgoing = request({ hostname, port, method, path, headers, agent: false })
    const cut = () => resolve({ status: 0, code: '' })
    outgoing.on('error', cut)
    if (cutBytes === 0) {
      outgoing.on('response', (response) => readRefusal(response).then(resolve))
      outgoing.end(body)
      return
    }
    // half closed, so that the store's own end of the connection tells that it has noticed
    outgoing.on('close', cut).on('response', (response) => response.resume().on('end', cut))
    outgoing.setTimeout(1000, () => outgoing.destroy())
    outgoing.write(body.subarray(0, -cutBytes), () => outgoing.socket!.end())
  })
}

async function readRefusal(response: IncomingMessage): Promise<Refusal> {
  const body = await text(response).catch(() => '')
  return { status: response.statusCode!, code: /<Code>(.*?)<\/Code>/.exec(body)?.[1] ?? '' }
}
