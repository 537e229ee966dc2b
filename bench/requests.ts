// What a request costs: each kind measured after a warm-up, between runs of bare Fastify.

import type { Load, LoadFunctions } from './load.ts'
import { mean, percentile } from './measure.ts'
import { start } from './remote.ts'
import { groups, requestsOf, type Scenario } from './scenarios.ts'
import { type Server, startBaseline, startService, type World } from './world.ts'

const CONNECTIONS = 10
const bareRequests = Array.from({ length: CONNECTIONS }, () => ({
  method: 'GET' as const,
  path: '/'
}))

export interface Pace {
  warmSeconds: number
  seconds: number
  bareSeconds: number
}

/** Rows of the table, and what bare Fastify needed each time. */
export async function measureRequests(world: World, pace: Pace, say: (line: string) => void) {
  const load = start<LoadFunctions>(world.ends, 'load.ts').call
  const fastify = await startBaseline(world, 'fastify')
  const servers = {
    directo: await startService(world),
    tutorial: await startBaseline(world, 'tutorial'),
    floor: await startBaseline(world, 'floor')
  }
  const runBare = (seconds: number) =>
    costOf(fastify, { url: fastify.url, requests: bareRequests, status: 200, seconds })

  const costOf = async (server: Server, options: Omit<Load, 'connections'>) => {
    const before = await server.usage()
    const run = await load.run({ ...options, connections: CONNECTIONS })
    const after = await server.usage()
    return {
      perSecond: Math.round(run.waits.length / run.seconds),
      cpuMicros: (after.cpuMicros - before.cpuMicros) / run.waits.length,
      p50: percentile(run.waits, 0.5),
      p99: percentile(run.waits, 0.99),
      residentMB: after.residentBytes / 1e6,
      failures: run.failures
    }
  }

  async function measure(scenario: Scenario) {
    const { name, on, status } = scenario
    const server = servers[on]
    const requests = requestsOf(scenario, world.users)
    if (!(await isThere(server, requests[0]!, status))) return { name, on, cost: null }
    const options = { url: server.url, requests, status }
    await costOf(server, { ...options, seconds: pace.warmSeconds })
    await world.sql`truncate uploads`
    return { name, on, cost: await costOf(server, { ...options, seconds: pace.seconds }) }
  }

  await runBare(pace.bareSeconds * 3)
  const bares = [await runBare(pace.bareSeconds)]
  const rows = []
  for (const group of groups) {
    say(`${group[0]!.name} …`)
    const measured = []
    for (const scenario of group) measured.push(await measure(scenario))
    bares.push(await runBare(pace.bareSeconds))
    const bareMicros = mean(bares.slice(-2).map(({ cpuMicros }) => cpuMicros))
    rows.push(...measured.map((row) => ({ ...row, bareMicros })))
  }
  for (const server of [fastify, ...Object.values(servers)]) await server.stop()
  return { bares, rows }
}

async function isThere(server: Server, request: Load['requests'][number], status: number) {
  const { method, path, headers, body } = request
  const options = { method, headers, body, redirect: 'manual' as const }
  const answer = await fetch(`${server.url}${path}`, options)
  await answer.arrayBuffer()
  return answer.status === status
}
