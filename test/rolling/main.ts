// npm run test:rolling: three instances behind HAProxy, restarted in turn (F37) under 200 requests a second, of
// which none may fail; then it shows that it would notice. ROUNDS=1 is a short run.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import postgres from 'postgres'

import { migrate } from '../../src/db/migrate.ts'
import { environmentOf } from '../../src/dev/environment.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { processEnvironment, type ServiceProcess, startProcess } from '../support/process.ts'
import { ends, runProgram } from '../support/program.ts'
import { scan } from '../support/scanner.ts'
import { freePort, startBalancer, versionOf } from './balancer.ts'
import { type Load, startLoad } from './load.ts'
import { faultsOf, report } from './report.ts'

const ROUNDS = Number(process.env.ROUNDS || 3)
const NAMES = ['a', 'b', 'c']
const PER_SECOND = 200
const DRAIN_SECONDS = 3 // the balancer asks four times a second, and believes the second answer
const BUCKET = 'avatars-of-the-restarted'
const BACK_MS = 30_000

const version = versionOf()
if (version) await runProgram(run)
else console.log('skipped: there is no HAProxy (apt-get install haproxy)')

async function run() {
  console.log(`${ROUNDS} rolling restarts at ${PER_SECOND} requests/s behind ${version}`)
  const { environment, isClean } = await startWorld()
  const ports: Record<string, number> = {}
  const services: Record<string, ServiceProcess> = {}
  for (const name of NAMES) {
    ports[name] = await freePort()
    services[name] = await startProcess(ends, { ...environment, PORT: `${ports[name]}` })
  }
  const balancer = await startBalancer(ends, ports)

  const load = await startLoad(balancer.url, PER_SECOND)
  await sleep(1000)
  const problems: string[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    for (const name of NAMES) {
      const code = await services[name]!.stop()
      if (code !== 0) problems.push(`${name} ended with ${code}: ${services[name]!.log}`)
      await comeBack(services[name]!, name, load)
    }
  }
  await sleep(1000)
  await load.stop()
  problems.push(...report(load, PER_SECOND), ...(await isClean()))

  // People's Ctrl-C announces nothing, and kill -9 neither: a test that saw no failure would be blind.
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const worse = await startLoad(balancer.url, PER_SECOND)
    await services.a!.stop(signal)
    await comeBack(services.a!, 'a', worse)
    await worse.stop()
    const { length } = faultsOf(worse)
    console.log(`${signal} instead: ${length} failed`)
    if (length === 0) problems.push(`${signal} was not noticed`)
  }
  for (const problem of problems) console.log(`VIOLATION ${problem}`)
  if (problems.length > 0) console.log(balancer.said())
  return problems.length === 0
}

async function startWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'directo-rolling-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres(folder, ['fsync=off', 'full_page_writes=off'])
  ends.teardown(server.stop)
  await migrate(server.url)
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  ends.teardown(sandbox.close)
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  ends.teardown(() => sql.end({ timeout: 1 }))
  const environment = {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: server.url,
    DRAIN_SECONDS: `${DRAIN_SECONDS}`,
    S3_DEADLINE_MS: '15000', // the sandbox shares its process with the load
    DATABASE_DEADLINE_MS: '15000',
    JANITOR: 'on',
    SWEEP_SECONDS: '1'
  }
  return { environment, isClean: () => scan(sql, sandbox.door, BUCKET) }
}

/** Starts it again and waits until the balancer sends it requests. */
async function comeBack(service: ServiceProcess, name: string, { asked }: Load) {
  await service.start()
  const startedAt = performance.now()
  while (!asked.some(({ instance, at }) => instance === name && at > startedAt)) {
    if (performance.now() - startedAt > BACK_MS) throw new Error(`${name} gets no requests`)
    await sleep(50)
  }
}
