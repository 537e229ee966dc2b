// The service as it really runs, with its metrics on a port of their own.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Test } from 'tap'

import { environmentOf } from '../../../src/dev/environment.ts'
import { startSandbox } from '../../../src/dev/sandbox/server.ts'
import { BUCKET } from '../app.ts'
import { cloneDatabase } from '../database.ts'
import { processEnvironment, startProcess } from '../process.ts'
import { readPage } from './page.ts'

/** Starts it; `page` reads its metrics, at `address`. */
export async function startWithMetrics(t: Test, environment: Record<string, string> = {}) {
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  t.teardown(sandbox.close)
  const service = await startProcess(t, {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t),
    METRICS_PORT: '0',
    ...environment
  })
  const address = await said(() => /"address":"(http:[^"]+)"/.exec(service.log)?.[1])
  const text = async () => (await fetch(address)).text()
  return { service, sandbox, address, text, page: async () => readPage(await text()) }
}

async function said(find: () => string | undefined) {
  for (;;) {
    const found = find()
    if (found) return found
    await sleep(10)
  }
}
