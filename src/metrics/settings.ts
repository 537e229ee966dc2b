// Where metrics are read and by whom: on a port of their own, by whoever has a token, or not at all.

interface Texts {
  PORT?: string
  METRICS_PORT?: string
  METRICS_TOKEN?: string
  JWT_SECRET?: string
}

interface Values {
  METRICS_PORT?: number
  METRICS_HOST: string
  METRICS_TOKEN?: string
}

/** Without a port they are on the service's own, which then takes a token. */
export interface MetricsSettings {
  port?: number
  host: string
  token?: string
}

/** Arranged for use; undefined when nobody wants any. */
export function metricsOf(settings: Values): MetricsSettings | undefined {
  const { METRICS_PORT: port, METRICS_HOST: host, METRICS_TOKEN: token } = settings
  return port === undefined && !token ? undefined : { port, host, token }
}

/** What is wrong with them, a sentence for each; no token is quoted. */
export function metricsProblems(settings: Texts): string[] {
  const { PORT: port = '3000', METRICS_PORT: own, METRICS_TOKEN: token } = settings
  const problems: string[] = []
  if (own && own !== '0' && own === port) problems.push('METRICS_PORT and PORT are the same')
  if (!token) return problems
  if (Buffer.byteLength(token) < 32) problems.push('METRICS_TOKEN must have at least 32 bytes')
  // Whoever may look would be whoever may sign.
  if (token === settings.JWT_SECRET) problems.push('METRICS_TOKEN and JWT_SECRET are the same')
  return problems
}
