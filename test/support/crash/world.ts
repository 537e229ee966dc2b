// What a scenario happens in: a database whose clock can be moved, a bucket, and instances behind wires.

import { setTimeout as sleep } from 'node:timers/promises'

import postgres from 'postgres'
import type { Test } from 'tap'

import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/server.ts'
import { reconcile } from '../../../src/janitor/reconcile.ts'
import { sweep } from '../../../src/janitor/sweep.ts'
import { BUCKET, startInstance, type User } from '../app.ts'
import { startClock } from '../clock.ts'
import { cloneDatabase } from '../database.ts'
import { processEnvironment, runCommand, startProcess } from '../process.ts'
import { watch } from '../scanner.ts'
import { type Board, startBoard } from '../wires/board.ts'
import { startWires } from '../wires/wires.ts'

export type World = Awaited<ReturnType<typeof startWorld>>

/** One instance of the service, whatever it runs in. */
export interface Instance {
  board: Board
  user: (sub: string, claims?: object) => User
  /** One pass of the janitor, or of the walk through the bucket. */
  janitor: (command: 'sweep' | 'reconcile') => Promise<unknown>
  /** Ends it for good, as kill -9 does: what it has not sent yet never arrives. */
  kill: () => Promise<void>
  /** Gives back what it holds. */
  close: () => Promise<void>
}

const SETTINGS = { DATABASE_POOL: '3', DATABASE_DEADLINE_MS: '20000', S3_DEADLINE_MS: '20000' }
// For those who have to give up on what never comes. All others wait as long as a busy machine needs.
const IMPATIENT = { DATABASE_DEADLINE_MS: '1000', S3_DEADLINE_MS: '1000' }

export async function startWorld(t: Test) {
  const databaseUrl = await cloneDatabase(t)
  await startClock(t, databaseUrl)
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  const healthy = await instanceInProcess(databaseUrl, sandbox, null)
  t.teardown(async () => {
    await healthy.close()
    await sql.end()
    await sandbox.close()
  })
  await healthy.janitor('reconcile') // marks the bucket as ours, once
  const clear = async () => {
    await sql`delete from users`
    await sql`delete from objects`
    await sql`delete from uploads`
    await sql`delete from walks`
    for (const prefix of ['avatars/', 'staging/']) {
      for (const key of sandbox.door.list(BUCKET, prefix)) sandbox.door.delete(BUCKET, key)
    }
    await sql`update clock.shift set by = '0'`
    sandbox.misbehave.clear()
    return watch(sandbox, sql, BUCKET)
  }
  return {
    sandbox,
    sql,
    /** Without wires: it prepares what a scenario needs, and retries what failed. */
    healthy,
    /** Empties everything; what the scanner sees while it happens is in what this answers. */
    clear,
    /** Only Postgres moves on: it alone judges, and what processes sign stays valid. */
    advance: (seconds: number) =>
      sql`update clock.shift set by = by + make_interval(secs => ${seconds})`,
    /** Until Postgres has noticed who is gone: what they have locked, a sweep leaves for the next. */
    async isQuiet() {
      for (let tries = 0; tries < 3000; tries++) {
        const [row] = await sql`select exists (select from pg_stat_activity
          where datname = current_database() and xact_start is not null
            and pid <> pg_backend_pid()) as busy`
        if (!row!.busy) return
        await sleep(5)
      }
    },
    /** Whether somebody waits for a lock. */
    async isAnybodyWaiting() {
      const [row] = await sql`select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock') as waiting`
      return row!.waiting as boolean
    },
    inProcess: () => instanceInProcess(databaseUrl, sandbox),
    inProcessImpatient: () => instanceInProcess(databaseUrl, sandbox, IMPATIENT),
    inRealProcess: () => instanceInRealProcess(databaseUrl, sandbox),
    /** A real process for each command of the janitor, and none that serves. */
    asCommands: () => instanceAsCommands(databaseUrl, sandbox)
  }
}

async function instanceInProcess(databaseUrl: string, sandbox: Sandbox, more: object | null = {}) {
  const { scope, close } = startScope()
  const { board, environment } = more
    ? await startWires(scope, databaseUrl, sandbox)
    : { board: startBoard(), environment: { DATABASE_URL: databaseUrl } }
  const { deps, user } = await startInstance(scope, sandbox, {
    ...environment,
    ...SETTINGS,
    ...more
  })
  const janitor = async (command: 'sweep' | 'reconcile') => {
    if (command === 'reconcile') return reconcile(deps)
    const { errors, ...swept } = await sweep(deps)
    if (errors.length > 0) throw errors[0]
    return swept
  }
  const instance: Instance = { board, user, janitor, kill: async () => board.cut(), close }
  return instance
}

async function instanceInRealProcess(databaseUrl: string, sandbox: Sandbox): Promise<Instance> {
  const { scope, close } = startScope()
  const { board, environment } = await startWires(scope, databaseUrl, sandbox)
  const service = await startProcess(scope, { ...processEnvironment, ...environment, ...SETTINGS })
  const kill = async () => {
    const gone = service.kill()
    board.cut()
    await gone
  }
  const janitor = () => Promise.reject(new Error('an instance that serves has no command to run'))
  return { board, user: service.user, janitor, kill, close }
}

async function instanceAsCommands(databaseUrl: string, sandbox: Sandbox): Promise<Instance> {
  const { scope, close } = startScope()
  const { board, environment } = await startWires(scope, databaseUrl, sandbox)
  let command: ReturnType<typeof runCommand> | undefined
  const janitor = async (name: 'sweep' | 'reconcile') => {
    command = runCommand(scope, [name], { ...processEnvironment, ...environment, ...SETTINGS })
    const { code, output } = await command.ended
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${output}`)
  }
  const kill = async () => {
    const gone = command?.kill()
    board.cut()
    await gone
  }
  const user = () => {
    throw new Error('nothing serves here')
  }
  return { board, user, janitor, kill, close }
}

// What belongs to one instance ends with it, not with the test.
function startScope() {
  const ends: (() => unknown)[] = []
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  return { scope: { teardown: (end: () => unknown) => void ends.push(end) }, close }
}
