// A span for each call to S3 and Postgres, and for each pass of the janitor.

import {
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace
} from '@opentelemetry/api'

import { type Call, type Channel, channels } from '../calls.ts'
import { told } from '../log.ts'
import { contextManager, contexts } from './context.ts'

/** Begins a span with each call that is told of and ends it with the call; what is called inside is below it. */
export function watchCalls(tracer: Tracer) {
  const spans = new WeakMap<Call, Span>()
  for (const name of Object.keys(channels) as Channel[]) {
    const { start, asyncEnd } = channels[name]
    start.bindStore(contexts, (call) => {
      const parent = contextManager.active()
      // Probes of balancers come every second: neither they nor what they ask are traced.
      if (name !== 'janitor' && !trace.getSpan(parent)) return parent
      const [title, options] = described[name](call.operation)
      const span = tracer.startSpan(title, options, parent)
      spans.set(call, span)
      return trace.setSpan(parent, span)
    })
    asyncEnd.subscribe((message) => {
      const call = message as Call
      const span = spans.get(call)
      if (span && call.error) fail(span, call.error)
      span?.end()
    })
  }
}

function fail(span: Span, err: unknown) {
  const { cause, ...own } = told(err)
  const { code, type, httpStatusCode } = cause ?? own // a HEAD has no body that would name its error
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute(
    'error.type',
    `${code ?? (type === 'Unknown' ? (httpStatusCode ?? type) : type)}`
  )
}

type Described = [title: string, options: SpanOptions]

const described: Record<Channel, (operation: string) => Described> = {
  s3: (operation) => [
    `S3 ${operation}`,
    {
      kind: SpanKind.CLIENT,
      attributes: { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'rpc.method': operation }
    }
  ],
  postgres: (statement) => {
    const summary = summaryOf(statement)
    return [
      summary,
      {
        kind: SpanKind.CLIENT,
        attributes: { 'db.system.name': 'postgresql', 'db.query.summary': summary }
      }
    ]
  },
  janitor: (operation) => [`janitor ${operation}`, {}]
}

/** The first verb of a statement, and the first table or function that it names. */
export function summaryOf(statement: string) {
  const [verb = 'SQL'] = /\b(select|insert|update|delete)\b/i.exec(statement) ?? []
  const [, table] = /\b(?:from|into|update)\s+"?([a-z_]\w*)/i.exec(statement) ?? []
  return [verb.toUpperCase(), table].filter(Boolean).join(' ')
}
