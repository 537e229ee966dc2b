// Instances of the service that can die at any message, and others that take their places.

import type { Sql } from 'postgres'
import type { Test } from 'tap'

import { openDatabase } from '../../../src/db/client.ts'
import { openBucket } from '../../../src/s3/bucket.ts'
import { type startApp, startInstance } from '../app.ts'
import { startWires } from './wires.ts'

type Started = Awaited<ReturnType<typeof startApp>>
type Shell = Awaited<ReturnType<typeof startShell>>
export type Instance = Awaited<ReturnType<typeof boot>>

const SPARES = 2

/** Two instances at work, numbered 0 and 1. */
export async function startInstances(t: Test, started: Started, environment: object) {
  const start = async () => boot(started, await startShell(t, started, environment))
  const atWork = [await start(), await start()]
  const spares = await Promise.all(Array.from({ length: SPARES }, start))
  t.teardown(() => Promise.all([...atWork, ...spares].map(({ end }) => end())))
  return {
    get: (number: number) => atWork[number]!,
    /** Kills one, replaces it, and waits until Postgres has done what the dead one had sent. */
    async replace(number: number) {
      const dead = atWork[number]!
      dead.wires.die()
      spares.push(dead)
      const next = spares.shift()!
      atWork[number] = next.wires.isDead() ? await boot(started, next.shell) : next
      await backendsEnd(started.sql, dead.wires.backends())
    }
  }
}

// A service without its connections: it keeps nothing between requests, and building a new one costs
// more than a history.
async function startShell(t: Test, { sandbox, databaseUrl }: Started, environment: object) {
  const shell = await startInstance(t, sandbox, { ...environment, DATABASE_URL: databaseUrl })
  // Worse than settings allow: tokens that are still good when nobody knows of an erasure any more.
  shell.deps.config.identity.maxLifetimeSeconds = Number.POSITIVE_INFINITY
  return { ...shell, running: new Set<Promise<unknown>>(), end: async () => {} }
}

/** Waits until nothing is left that the dead one could try, and gives the shell new connections. */
async function boot({ databaseUrl, sandbox }: Started, shell: Shell) {
  while (shell.running.size > 0) await Promise.allSettled(shell.running)
  await shell.end()
  const { app, deps, user, running } = shell
  const wires = await startWires(databaseUrl, sandbox.endpoint)
  const s3 = { ...deps.config.s3, endpoint: wires.s3Endpoint }
  const database = openDatabase({ ...deps.config, databaseUrl: wires.databaseUrl })
  const bucket = openBucket(s3)
  Object.assign(deps, { db: database.db, bucket })
  shell.end = async () => {
    wires.die()
    bucket.close()
    await database.close(0)
  }
  return {
    shell,
    app,
    deps,
    user,
    wires,
    /** Runs something on it; null when it dies meanwhile, for then nobody hears an answer. */
    async run<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
      const working = work()
      running.add(working)
      const over = () => running.delete(working)
      working.then(over, over)
      try {
        return await Promise.race([working, wires.death.then(() => null)])
      } catch (err) {
        if (wires.isDead()) return null
        throw err
      }
    },
    end: () => shell.end()
  }
}

async function backendsEnd(sql: Sql, ports: number[]) {
  for (let left = ports.length; left > 0; ) {
    const [row] = await sql`
      select count(*)::int as left from pg_stat_activity
      where datname = current_database() and client_port = any(${ports})`
    left = row!.left
  }
}
