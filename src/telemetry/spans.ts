// A span for each call to S3 and Postgres, and for each pass of the janitor.

import {
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace
} from '@opentelemetry/api'

import { type Callee, type S3Verb, s3Verbs, TRANSACTION, type Watch } from '../calls.ts'
import { told } from '../log.ts'
import { contextManager, contexts } from './context.ts'

/** A span from the beginning of each call to its end; what is called inside is below it. */
export const traceCalls =
  (tracer: Tracer): Watch =>
  async (to, operation, work) => {
    const parent = contextManager.active()
    // Probes of balancers come every second: neither they nor what they ask are traced.
    if (to !== 'janitor' && !trace.getSpan(parent)) return work()
    const [title, options] = described[to](operation)
    const span = tracer.startSpan(title, options, parent)
    try {
      return await contexts.run(trace.setSpan(parent, span), work)
    } catch (err) {
      fail(span, err)
      throw err
    } finally {
      span.end()
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

const described: Record<Callee, (operation: string) => Described> = {
  s3: (verb) => {
    const operation = s3Verbs[verb as S3Verb]
    const attributes = { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'rpc.method': operation }
    return [`S3 ${operation}`, { kind: SpanKind.CLIENT, attributes }]
  },
  postgres,
  step: postgres,
  janitor: (operation) => [`janitor ${operation}`, {}]
}

function postgres(statement: string): Described {
  const summary = statement === TRANSACTION ? 'TRANSACTION' : summaryOf(statement)
  const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': summary }
  return [summary, { kind: SpanKind.CLIENT, attributes }]
}

/** The first verb of a statement, and the first table or function that it names. */
export function summaryOf(statement: string) {
  const [verb = 'SQL'] = /\b(select|insert|update|delete)\b/i.exec(statement) ?? []
  const [, table] = /\b(?:from|into|update)\s+"?([a-z_]\w*)/i.exec(statement) ?? []
  return [verb.toUpperCase(), table].filter(Boolean).join(' ')
}
