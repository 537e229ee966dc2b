// The real service for a page: it listens, and it and its bucket let the page's origin in.

import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'

import postgres from 'postgres'
import type { Test } from 'tap'

import { pageOf } from '../../../src/dev/page.ts'
import { startSandbox } from '../../../src/dev/sandbox/server.ts'
import { setUpBucket } from '../../../src/doctor/setup.ts'
import { openClients } from '../../../src/s3/client.ts'
import { startInstance } from '../../support/app.ts'
import { cloneDatabase } from '../../support/database.ts'
import { removeBucket } from '../../support/interop/remove.ts'
import { given } from '../../support/interop/store.ts'

export interface ServiceOptions {
  /** Of the pages that may call it. */
  origins?: string[]
  environment?: Record<string, string>
  /** The sandbox, or the store that TEST_S3_ENDPOINT names. */
  store?: 'sandbox' | 'given'
  /** Whether the demo page is at `/`. */
  page?: boolean
}

/**
 * Starts Postgres' database, the sandbox (or a bucket of the given store) and the service; all end with
 * the test. `baseUrl` is where it listens; `sandbox` is there to misbehave, `s3Clock` to set its clock.
 */
export async function startService(
  t: Test,
  { origins = [], environment = {}, store = 'sandbox', page = false }: ServiceOptions = {}
) {
  const databaseUrl = await cloneDatabase(t)
  const s3Clock = { aheadMs: 0 }
  const sandbox = await startSandbox({ now: () => new Date(Date.now() + s3Clock.aheadMs) })
  t.teardown(() => sandbox.close())
  const named = store === 'given' ? given : null
  const settings = {
    DATABASE_URL: databaseUrl,
    S3_BUCKET: `directo-browser-${randomBytes(6).toString('hex')}`,
    CORS_ORIGINS: origins.join(),
    ...(named && { STORE: named.store }),
    ...environment
  }
  const instance = await startInstance(t, named ?? sandbox, settings, (config) =>
    page ? pageOf(config) : undefined
  )
  const { app, deps } = instance
  await app.listen({ host: '127.0.0.1', port: 0 })
  const baseUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  await prepareBucket(t, { ...deps.config, corsOrigins: [...origins, baseUrl] })
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  t.teardown(() => sql.end())
  const tokenOf = (sub: string) => app.jwt.sign({ sub }, { expiresIn: '1h' })
  return { ...instance, baseUrl, sandbox, s3Clock, sql, tokenOf }
}

type Config = Parameters<typeof setUpBucket>[0]

async function prepareBucket(t: Test, config: Config) {
  const { sender, close } = openClients(config.s3)
  t.teardown(() => removeBucket(sender, config.s3.bucket).finally(close))
  const lines: string[] = []
  const isReady = await setUpBucket(config, (line) => lines.push(line), { create: true })
  t.ok(isReady, lines.join('\n'))
}
