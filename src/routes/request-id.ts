// The id of a request: the caller's own if it is one, else a new one; in every answer and log line.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** In which header it comes and goes. */
export const HEADER = 'x-request-id'

// Of the ids that proxies and tracers make, and too short for a token that somebody puts there.
const WELL_FORMED = /^[\w.:+/=-]{1,64}$/

export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[HEADER]
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID()
}
