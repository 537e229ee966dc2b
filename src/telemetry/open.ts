// Traces where OTEL_ variables ask for them; otherwise nothing of OpenTelemetry is even loaded.

import { ConfigError } from '../config.ts'
import { wantedTraces } from './settings.ts'

/** Null unless wanted. @throws {ConfigError} when they cannot be had */
export async function openTraces(env: Record<string, string | undefined>) {
  const { isWanted, propagates, problems } = wantedTraces(env)
  if (problems.length > 0) throw new ConfigError(problems)
  if (!isWanted) return null
  const { startTraces } = await import('./traces.ts').catch((err) => {
    if (err.code !== 'ERR_MODULE_NOT_FOUND') throw err
    throw new ConfigError([
      'OTEL_ variables ask for traces: install what they need, npm ci --omit=dev'
    ])
  })
  return startTraces(propagates)
}
