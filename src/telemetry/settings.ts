// Whether traces are wanted, by OpenTelemetry's own variables alone.

type Environment = Record<string, string | undefined>

export interface Wanted {
  isWanted: boolean
  /** Whether the caller's `traceparent` is believed. */
  propagates: boolean
  /** What is asked for and not to be had, a sentence for each. */
  problems: string[]
}

/**
 * Traces are on when there is an endpoint, or OTEL_TRACES_EXPORTER=otlp (then to this machine, as the
 * specification has it). What else the variables say, OpenTelemetry's own modules read.
 */
export function wantedTraces(env: Environment): Wanted {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT
  const exporter = env.OTEL_TRACES_EXPORTER || (endpoint ? 'otlp' : 'none')
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || exporter === 'none'
  const propagators = (env.OTEL_PROPAGATORS || 'tracecontext').split(',')
  const propagates = propagators.some((one) => one.trim() === 'tracecontext')
  if (isOff) return { isWanted: false, propagates, problems: [] }
  const protocol =
    env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || PROTOCOL
  const problems = []
  if (exporter !== 'otlp') problems.push('OTEL_TRACES_EXPORTER: there is otlp, and none')
  if (protocol !== PROTOCOL) {
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL: there is ${PROTOCOL} alone (port 4318 of a collector)`
    )
  }
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT is not a URL')
  }
  if (env.OTEL_TRACES_SAMPLER && !SAMPLER.test(env.OTEL_TRACES_SAMPLER)) {
    problems.push('OTEL_TRACES_SAMPLER is not (parentbased_)always_on, always_off or traceidratio')
  }
  return { isWanted: true, propagates, problems }
}

const PROTOCOL = 'http/protobuf'
const SAMPLER = /^(parentbased_)?(always_on|always_off|traceidratio)$/
