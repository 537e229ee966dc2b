// The process: configuration, resources, the app; it listens, and closes gracefully.

import { flushCompileCache } from 'node:module'

import pino from 'pino'

import { buildApp } from './app.ts'
import { watchedBy } from './calls.ts'
import { ConfigError, readConfig } from './config.ts'
import { openDatabase } from './db/client.ts'
import { startJanitor } from './janitor/schedule.ts'
import { meterCalls } from './metrics/calls.ts'
import { openMetrics } from './metrics/metrics.ts'
import { openBucket } from './s3/bucket.ts'
import { endInOrder } from './shutdown.ts'
import { isUnnamed } from './stores.ts'
import { openTraces } from './telemetry/open.ts'

// Many lines at once, or those of a tenth of a second: a write costs more than what it says. What is
// left is written at the end; kill -9 loses so much. While nobody reads, lines are kept up to a bound
// and then dropped: the log must not take the memory of the service.
const LOG = pino.destination({
  dest: 1,
  sync: false,
  minLength: 4096,
  maxLength: 16 * 1024 * 1024,
  periodicFlush: 100
})

try {
  await serve()
} catch (err) {
  // What was begun before would hold a process that serves nobody.
  console.error(isForPeople(err) ? err.message : err)
  process.exit(1)
}

async function serve() {
  const config = readConfig(process.env)
  const traces = await openTraces(process.env)
  const metrics = config.metrics && openMetrics()
  const watch = watchedBy(traces?.calls, metrics && meterCalls(metrics, config.databasePool))
  const bucket = openBucket(config.s3, watch)
  const lifeProblem = await bucket.lifeProblem({ seconds: config.urlSeconds, now: new Date() })
  if (lifeProblem) throw new ConfigError([lifeProblem])
  const database = openDatabase(config, watch)
  const deps = { config, db: database.db, bucket, now: () => new Date(), metrics }
  const logger = { level: config.logLevel, stream: LOG }
  const app = await buildApp(deps, logger, undefined, traces?.ofApp)
  const stopJanitor = startJanitor(deps, app.log, watch)
  app.addHook('onClose', async () => {
    await stopJanitor()
    bucket.close()
    await database.close()
  })
  const finish = async () => {
    await traces?.close()
    await new Promise((done) => LOG.flush(done)) // also when its reader is slow
  }
  endInOrder(app, config, { stopJanitor, finish })
  if (isUnnamed(config.s3.store)) {
    app.log.warn('nobody said which store this is: directo doctor --keep finds out what it can do')
  }
  await app.listen({ host: config.host, port: config.port })
  const ready = await app.inject('/health/ready')
  if (ready.statusCode !== 200)
    app.log.warn(`not ready yet: ${ready.json().detail} (directo doctor says more)`)
  flushCompileCache() // who is killed in the end has it too
}

// A setting that is wrong, or an address at which it cannot listen: taken, not ours, not allowed, unknown.
function isForPeople(err: unknown): err is Error {
  if (err instanceof ConfigError) return true
  return err instanceof Error && 'syscall' in err && /^(listen|getaddrinfo)$/.test(`${err.syscall}`)
}
