// The end of the process: after a signal in order, without losing a request; after an error soon.

import { setTimeout as sleep } from 'node:timers/promises'

import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'

import type { Config } from './config.ts'
import { withoutQuery } from './db/errors.ts'
import { PATIENCE_MS } from './limits/bulkhead.ts'

const RESOURCES_MS = 3000 // to let go of Postgres and S3, and to write the log

/**
 * Waits for the end. SIGTERM: not ready from then on, but all is served for `DRAIN_SECONDS`, until
 * balancers have noticed; then what is under way is finished, for as long as the slowest call may
 * take. Other signals come from people, and skip the wait, as errors do. A second signal, or a second
 * error, kills it at once, and so does a time that is over. Else the status is 1 after an error.
 * @param finish is called last
 */
export function endInOrder(app: App, config: Config, { stopJanitor, finish }: Ending) {
  const drainMs = config.drainSeconds * 1000
  // A confirm waits for its turn, and the statement that it has begun in the end may take its time.
  const confirmMs = PATIENCE_MS + config.confirmDeadlineMs + config.databaseDeadlineMs
  const callMs = Math.max(confirmMs, config.s3.deadlineMs)
  const delay = drainMs + callMs + RESOURCES_MS
  const grace = { delay, onTimeout: endAtOnce, onSecondSignal: endAtOnce, onSecondError: endAtOnce }
  closeWithGrace({ ...grace, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.fatal({ err: withoutQuery(err) }, 'closing after an error')
    else app.log.info({ signal }, 'closing')
    app.drain.begin()
    void stopJanitor()
    if (signal === 'SIGTERM') await sleep(drainMs)
    const cut = setTimeout(() => {
      app.log.warn('what was still under way is cut off')
      app.server.closeAllConnections()
    }, callMs)
    await app.close()
    clearTimeout(cut)
    await finish()
  })
}

// An exit would write what is left of the log first, and try for ever when nobody reads it any more.
// Process 1 of a container is deaf to what it sends itself, but may break off.
export function endAtOnce() {
  process.kill(process.pid, 'SIGKILL')
  process.abort()
}

type App = Pick<FastifyInstance, 'close' | 'drain' | 'log' | 'server'>

interface Ending {
  /** Resolves when nothing is swept any more. */
  stopJanitor: () => Promise<void>
  finish: () => Promise<unknown>
}
