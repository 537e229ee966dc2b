// What reading costs with few users and with many, by turns, with bare Fastify between.

import type { Load, LoadFunctions } from './load.ts'
import { percentile } from './measure.ts'
import { postgresUsage } from './postgres-cpu.ts'
import { start } from './remote.ts'
import { type Server, startBaseline, startService, type World } from './world.ts'

const CONNECTIONS = 10
const BATCH = 100

const kinds = [
  { name: 'read', path: '/api/users/{reader}/avatar', status: 200 },
  { name: 'redirect', path: '/avatars/{reader}', status: 302 },
  {
    name: 'batch of 100',
    path: `/api/avatars?${Array(BATCH).fill('userId={reader}').join('&')}`,
    status: 200
  }
]

export interface Pace {
  warmSeconds: number
  seconds: number
  bareSeconds: number
  rounds: number
}

/** One of the sizes that are compared. */
export interface Size {
  readers: number
  databaseUrl: string
}

export type Read = Awaited<ReturnType<typeof measureReads>>[number]

/** Each kind of read at both sizes, and bare Fastify in the same minute. */
export async function measureReads(
  world: World,
  sizes: { few: Size; many: Size },
  pace: Pace,
  say: (line: string) => void
) {
  const load = start<LoadFunctions>(world.ends, 'load.ts')
  const usedByPostgres = await postgresUsage(world.sql)
  const fastify = await startBaseline(world, 'fastify')
  const service = async ({ readers, databaseUrl }: Size) => ({
    readers,
    ...(await startService(world, { DATABASE_URL: databaseUrl }))
  })
  const servers = { few: await service(sizes.few), many: await service(sizes.many) }

  async function round(
    server: Server,
    options: Pick<Load, 'status' | 'seconds' | 'readers'>,
    path: string
  ) {
    const requests = world.users.map(({ token }) => ({
      method: 'GET' as const,
      path,
      headers: { authorization: `Bearer ${token}` }
    }))
    const before = { server: await server.usage(), postgres: usedByPostgres() }
    const run = await load.call.run({
      url: server.url,
      requests,
      connections: CONNECTIONS,
      ...options
    })
    const after = { server: await server.usage(), postgres: usedByPostgres() }
    return {
      waits: run.waits,
      failures: run.failures,
      cpuMicros: after.server.cpuMicros - before.server.cpuMicros,
      postgresMicros: after.postgres - before.postgres
    }
  }
  const bare = (seconds: number) => round(fastify, { status: 200, seconds }, '/')

  await bare(pace.bareSeconds)
  const rows = []
  for (const { name, path, status } of kinds) {
    say(`${name} …`)
    const of = (server: typeof servers.few, seconds: number) =>
      round(server, { status, seconds, readers: server.readers }, path)
    for (const server of Object.values(servers)) await of(server, pace.warmSeconds)
    const rounds: Record<'few' | 'many' | 'bare', Round[]> = { few: [], many: [], bare: [] }
    for (let n = 0; n < pace.rounds; n++) {
      const turns = n % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)
      for (const size of turns) rounds[size].push(await of(servers[size], pace.seconds))
      rounds.bare.push(await bare(pace.bareSeconds))
    }
    rows.push({
      name,
      few: costOf(rounds.few),
      many: costOf(rounds.many),
      bare: costOf(rounds.bare)
    })
  }
  for (const server of [fastify, servers.few, servers.many, load]) await server.stop()
  return rows
}

interface Round {
  waits: number[]
  failures: number
  cpuMicros: number
  postgresMicros: number
}

function costOf(rounds: Round[]) {
  const waits = rounds.flatMap((round) => round.waits)
  const each = (name: 'cpuMicros' | 'postgresMicros') =>
    rounds.reduce((sum, round) => sum + round[name], 0) / waits.length
  return {
    answers: waits.length,
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
    cpuMicros: each('cpuMicros'),
    postgresMicros: each('postgresMicros'),
    p50: percentile(waits, 0.5),
    p99: percentile(waits, 0.99)
  }
}
