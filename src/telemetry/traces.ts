// OpenTelemetry, set up by its own variables: loaded only where traces are wanted.

import { setTimeout as sleep } from 'node:timers/promises'

import { context, propagation } from '@opentelemetry/api'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes
} from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { FastifyInstance } from 'fastify'

import { exportBare } from './bare.ts'
import { contextManager } from './context.ts'
import { traceRequests } from './requests.ts'
import { traceCalls } from './spans.ts'

const FLUSH_MS = 2000 // less than an end in order leaves for what comes last
const QUIET_MS = 60_000

/** Begins to trace: `calls` is for what calls, `ofApp` for an app that has no routes yet; `close` comes last. */
export function startTraces(propagates: boolean) {
  // The queue is bounded (OTEL_BSP_MAX_QUEUE_SIZE, 2048): without a collector spans are dropped.
  const processor = new BatchSpanProcessor(exportBare(new OTLPTraceExporter()))
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'directo' }))
    .merge(detectResources({ detectors: [envDetector] }))
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] })
  context.setGlobalContextManager(contextManager)
  if (propagates) propagation.setGlobalPropagator(new W3CTraceContextPropagator())

  async function ofApp(app: FastifyInstance) {
    setGlobalErrorHandler(
      seldom((err) => app.log.warn({ err }, 'traces cannot be exported; said once a minute'))
    )
    await traceRequests(app, provider)
  }

  /** Sends what is left, if the collector takes it in time. */
  async function close() {
    await Promise.race([provider.shutdown().catch(() => {}), sleep(FLUSH_MS)])
  }

  return { ofApp, calls: traceCalls(provider.getTracer('directo')), close }
}

function seldom(say: (err: unknown) => void) {
  let saidAt = -Infinity
  return (err: unknown) => {
    if (performance.now() < saidAt + QUIET_MS) return
    saidAt = performance.now()
    say(err)
  }
}
