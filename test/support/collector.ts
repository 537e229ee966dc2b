// A collector of traces (OTLP over HTTP) for tests: its requests as they came, and the spans in them.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

import type { Ends } from './process.ts'

export interface Span {
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentId: string
  name: string
  kind: number
  attributes: Record<string, string | number>
  /** 2 is an error. */
  status: number
}

export async function startCollector(t: Ends) {
  const received: Buffer[] = []
  const headers: string[] = []
  const server = createServer(async (request, reply) => {
    headers.push(JSON.stringify([request.url, request.rawHeaders]))
    received.push(await buffer(request))
    reply.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** What came, as text in which secrets can be looked for. */
    text: () => Buffer.concat(received).toString('latin1') + headers.join('\n'),
    headers,
    resources: () => received.flatMap((body) => resourcesOf(body)),
    spans: () => received.flatMap((body) => spansOf(body))
  }
}

// opentelemetry/proto/trace/v1: TracesData 1 ResourceSpans { 1 Resource { 1 attributes }, 2 ScopeSpans { 2 Span } }
const spansOf = (body: Buffer): Span[] =>
  all(body, 1)
    .flatMap((resource) => all(resource, 2))
    .flatMap((scope) => all(scope, 2))
    .map(spanOf)

const resourcesOf = (body: Buffer) =>
  all(body, 1)
    .flatMap((one) => all(one, 1))
    .map((resource) => attributesOf(all(resource, 1)))

function spanOf(span: Buffer): Span {
  const hex = (field: number) => all(span, field)[0]?.toString('hex') ?? ''
  const [status] = all(span, 15)
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentId: hex(4),
    name: all(span, 5).join(),
    kind: numbers(span, 6)[0] ?? 0,
    attributes: attributesOf(all(span, 9)),
    status: status ? (numbers(status, 3)[0] ?? 0) : 0
  }
}

// KeyValue { 1 key, 2 AnyValue { 1 text, 3 integer } }
const attributesOf = (pairs: Buffer[]) =>
  Object.fromEntries(
    pairs.map((pair) => {
      const [value = Buffer.alloc(0)] = all(pair, 2)
      const [text] = all(value, 1)
      return [all(pair, 1).join(), text ? text.toString() : (numbers(value, 3)[0] ?? '')]
    })
  )

const all = (message: Buffer, field: number) =>
  fieldsOf(message).flatMap(([name, value]) =>
    name === field && Buffer.isBuffer(value) ? [value] : []
  )
const numbers = (message: Buffer, field: number) =>
  fieldsOf(message).flatMap(([name, value]) =>
    name === field && !Buffer.isBuffer(value) ? [value] : []
  )

// protobuf's wire format: a varint of field and type, then a varint (0), eight bytes (1), a length and bytes (2) or four (5).
function fieldsOf(message: Buffer): [number, Buffer | number][] {
  const fields: [number, Buffer | number][] = []
  let at = 0
  const varint = () => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message[at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const type = tag % 8
    if (type === 0) fields.push([tag >>> 3, varint()])
    else {
      const length = type === 2 ? varint() : type === 1 ? 8 : 4
      fields.push([tag >>> 3, message.subarray(at, at + length)])
      at += length
    }
  }
  return fields
}
