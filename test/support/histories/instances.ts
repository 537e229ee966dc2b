// Instances of the service that can die at any message, and others that take their places.

import type { Sql } from 'postgres'
import type { Test } from 'tap'

import { type startApp, startInstance } from '../app.ts'
import { startWires } from './wires.ts'

type Started = Awaited<ReturnType<typeof startApp>>
export type Instance = Awaited<ReturnType<typeof startOne>>

/** Two instances at work, numbered 0 and 1. */
export async function startInstances(t: Test, started: Started, environment: object) {
  const start = () => startOne(started, environment)
  const atWork = [await start(), await start()]
  t.teardown(() => Promise.all(atWork.map((instance) => instance.end())))
  return {
    get: (number: number) => atWork[number]!,
    /** Kills one, replaces it, and waits until Postgres has done what the dead one had sent. */
    async replace(number: number) {
      const dead = atWork[number]!
      dead.wires.die()
      atWork[number] = await start()
      await backendsEnd(started.sql, dead.wires.backends())
      void dead.end()
    }
  }
}

async function startOne({ databaseUrl, sandbox }: Started, environment: object) {
  const ends: (() => unknown)[] = []
  const life = { teardown: (end: () => unknown) => void ends.unshift(end) } as Test
  const wires = await startWires(life, databaseUrl, sandbox.endpoint)
  const { app, deps, user } = await startInstance(life, sandbox, {
    ...environment,
    DATABASE_URL: wires.databaseUrl,
    S3_ENDPOINT: wires.s3Endpoint,
    S3_PUBLIC_ENDPOINT: sandbox.endpoint
  })
  return {
    app,
    deps,
    user,
    wires,
    /** Runs something on it; null when it dies meanwhile, for then nobody hears an answer. */
    async run<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
      const working = work()
      working.catch(() => {}) // what a dead one goes on to try
      try {
        return await Promise.race([working, wires.death.then(() => null)])
      } catch (err) {
        if (wires.isDead()) return null
        throw err
      }
    },
    async end() {
      for (const end of ends) await end()
    }
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
