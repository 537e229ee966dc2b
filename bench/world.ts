// What is measured and what it needs: each server and its neighbours in processes of their own.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import postgres from 'postgres'

import { migrate } from '../src/db/migrate.ts'
import { startPostgres } from '../src/dev/postgres.ts'
import { type Ends, processEnvironment, runCommand, tokenOf } from '../test/support/process.ts'
import type { BucketFunctions } from './bucket.ts'
import type { ProbeFunctions } from './probe.ts'
import { start } from './remote.ts'
import { insertReaders } from './rows.ts'

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url))
const READY_MS = 15_000

export type World = Awaited<ReturnType<typeof startWorld>>
export type Server = Awaited<ReturnType<typeof startServer>>

/** Postgres with its durable settings, the sandbox, and a thousand users who have an avatar. */
export async function startWorld(ends: Ends, settings: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'directo-bench-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres(`${folder}/postgres`, settings)
  ends.teardown(server.stop)
  await migrate(server.url)
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  ends.teardown(() => sql.end())
  const bucket = start<BucketFunctions>(ends, 'bucket.ts').call
  const environment: Record<string, string> = {
    ...processEnvironment,
    ...(await bucket.environment()),
    NODE_ENV: 'production',
    DATABASE_URL: server.url,
    OPEN_UPLOADS_PER_USER: '1000',
    SHED_DELAY_MS: '60000', // looked at, as in production
    // The sandbox shares the cores with its clients: what is measured is not how long it takes.
    S3_DEADLINE_MS: '60000',
    CONFIRM_DEADLINE_MS: '60000',
    UPLOADS: `${folder}/uploads`
  }
  await runCommand(ends, ['bucket', 'adopt'], environment).ended
  const users = (await insertReaders(sql)).map((id) => ({ id, token: tokenOf(id) }))
  return { ends, sql, bucket, environment, users }
}

/** The service as `npm start` runs it. */
export const startService = (world: World, environment = {}) =>
  startServer(world, '../src/cli.ts', '/health/ready', ['serve'], environment)

/** One of those that it is measured beside. */
export const startBaseline = (world: World, name: string) =>
  startServer(world, `baselines/${name}.js`, '/')

// What they print goes to /dev/null: written, and read by nobody who takes CPU for it.
async function startServer(
  { ends, environment }: World,
  file: string,
  path: string,
  argv: string[] = [],
  more: Record<string, string> = {}
) {
  const port = await freePort()
  const { call, stop } = start<ProbeFunctions>(ends, file, argv, {
    execArgv: ['--import', PROBE],
    env: { ...environment, ...more, PORT: `${port}` },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const url = `http://127.0.0.1:${port}`
  await untilAnswering(`${url}${path}`, path === '/' ? undefined : 200)
  return { url, usage: call.usage, stop }
}

/** Asks until there is an answer, of this status if one is wanted. @throws after 15 s without */
export async function untilAnswering(url: string, status?: number) {
  const startedAt = performance.now()
  while (performance.now() - startedAt < READY_MS) {
    const answer = await fetch(url, { headers: { connection: 'close' } }).catch(() => null)
    await answer?.arrayBuffer()
    if (answer && (status === undefined || answer.status === status)) return
    await sleep(5)
  }
  throw new Error(`${url} did not answer within ${READY_MS} ms`)
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
