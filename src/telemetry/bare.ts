// What leaves of a span: the names and numbers listed here, whatever a library has put into it.

import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'

const allowed = new Set([
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'directo.request_id',
  'error.type',
  'rpc.system',
  'rpc.service',
  'rpc.method',
  'db.system.name',
  'db.query.summary'
])

/** Exports spans without addresses, messages, events and what callers send along as `tracestate`. */
export const exportBare = (exporter: SpanExporter): SpanExporter => ({
  export: (spans, done) => exporter.export(spans.map(bare), done),
  forceFlush: async () => exporter.forceFlush?.(),
  shutdown: () => exporter.shutdown()
})

export function bare(span: ReadableSpan): ReadableSpan {
  const { name, kind, startTime, endTime, duration, ended, resource, instrumentationScope } = span
  const { traceId, spanId, traceFlags } = span.spanContext()
  const parent = span.parentSpanContext
  const attributes = pick(span.attributes)
  return {
    ...{ name, kind, startTime, endTime, duration, ended, resource, instrumentationScope },
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parent && {
      parentSpanContext: {
        traceId: parent.traceId,
        spanId: parent.spanId,
        traceFlags: parent.traceFlags,
        isRemote: parent.isRemote
      }
    }),
    attributes,
    status: { code: hasFailed(span) ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    ...{
      links: [],
      events: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0
    }
  }
}

const pick = (attributes: Attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => allowed.has(name)))

// A refusal is no failure of ours; the library counts both as one.
function hasFailed({ kind, status, attributes }: ReadableSpan) {
  if (kind !== SpanKind.SERVER) return status.code === SpanStatusCode.ERROR
  return Number(attributes['http.response.status_code']) >= 500
}
