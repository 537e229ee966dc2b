// npm run dev: the whole service on this machine, with a Postgres and an S3 of its own.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import closeWithGrace from 'close-with-grace'

import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { setUpBucket } from '../doctor/setup.ts'
import { startJanitor } from '../janitor/schedule.ts'
import { openBucket } from '../s3/bucket.ts'
import { environmentOf } from './environment.ts'
import { pageOf } from './page.ts'
import { startPostgres } from './postgres.ts'
import { startSandbox } from './sandbox/server.ts'
import { screen } from './session.ts'

const BUCKET = 'directo'

const running: (() => unknown)[] = []
async function stop() {
  for (const close of running.splice(0).reverse()) await close()
}

closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
  if (err) console.error(err)
  await stop()
})

try {
  await start(options())
} catch (err) {
  console.error(explain(err as NodeJS.ErrnoException & { port?: number }))
  await stop()
  process.exit(1)
}

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3000' },
      's3-port': { type: 'string', default: '9000' },
      data: { type: 'string', default: '.data' },
      origin: { type: 'string', multiple: true, default: ['http://localhost:5173'] }
    }
  })
  for (const name of ['port', 's3-port'] as const) {
    if (!/^\d{1,5}$/.test(values[name])) throw new Error(`--${name} takes a number`)
  }
  const { port, origin, 's3-port': s3Port, data } = values
  return { port, origin, s3Port: Number(s3Port), data: resolve(data) }
}

async function start({ port, s3Port, data, origin }: ReturnType<typeof options>) {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const sandbox = await startSandbox({ port: s3Port, folder: `${data}/s3`, buckets: [BUCKET] })
  running.push(sandbox.close)
  const postgres = await startPostgres(`${data}/postgres`)
  running.push(postgres.stop)
  await migrate(postgres.url)

  const config = readConfig({
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: postgres.url,
    JWT_SECRET: secret(`${data}/jwt-secret`),
    CORS_ORIGINS: origin.join(),
    PORT: port,
    LOG_LEVEL: 'warn'
  })
  const database = openDatabase(config)
  const bucket = openBucket(config.s3)
  running.push(() => database.close(), bucket.close)
  const deps = { config, db: database.db, bucket, now: () => new Date() }
  const app = await buildApp(deps, { level: config.logLevel }, pageOf(config))
  running.push(() => app.close(), startJanitor(deps, app.log))
  const address = await app.listen({ host: config.host, port: config.port })
  // The page may be opened by either name, and only now is it known at which port.
  const own = [address, address.replace('127.0.0.1', 'localhost')]
  await setUpBucket({ ...config, corsOrigins: [...config.corsOrigins, ...own] }, () => {})
  console.log(
    screen(address, sandbox.endpoint, app.jwt.sign({ sub: 'ada' }, { expiresIn: '12h' }), data)
  )
}

// Kept, so that tokens outlive a restart.
function secret(file: string) {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

function explain(err: NodeJS.ErrnoException & { port?: number }) {
  if (err.code !== 'EADDRINUSE') return err.message
  return `Port ${err.port} is taken. Stop what uses it, or choose others, such as:
  npm run dev -- --port 3001 --s3-port 9001 --data .data2`
}
