// The janitor from the command line: directo sweep and directo reconcile.

import { parseArgs } from 'node:util'

import { readConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { errorCode, isDatabaseAway, withoutQuery } from '../db/errors.ts'
import type { Deps } from '../deps.ts'
import { openBucket } from '../s3/bucket.ts'
import { adoptBucket, assertOurBucket } from './label.ts'
import { type Finding, reconcile } from './reconcile.ts'
import { type Swept, sweep } from './sweep.ts'

type Environment = Record<string, string | undefined>

/** Sweeps until nothing is due, a line for each pass. @returns the exit status */
export function sweepCommand(env: Environment): Promise<number> {
  return withDeps(env, async (deps, signal) => {
    await assertOurBucket(deps)
    let swept: Swept
    let status = 0
    do {
      swept = await sweep(deps, { signal })
      const { discarded, abandoned, purged, failed, refused, forgotten, errors } = swept
      console.log(
        `uploads expired ${discarded}, attempts abandoned ${abandoned}, ` +
          `objects purged ${purged}, failed ${failed}, rows forgotten ${forgotten}`
      )
      if (Object.keys(refused).length > 0) console.error(`✘ S3 refused: ${JSON.stringify(refused)}`)
      for (const err of errors) console.error(`✘ ${sentence(err)}`)
      if (errors.length > 0 || failed > 0) status = 1
    } while (swept.more && swept.errors.length === 0 && !signal.aborted)
    return status
  })
}

const HELP = `directo reconcile [--dry-run]

Walks through staging/ and avatars/ beside the database. Deletes objects that no row knows and that
are older than STRAY_GRACE_SECONDS; names users whose avatar is gone from the bucket, and leaves
them alone. --dry-run deletes nothing. Stopped half-way, the next call goes on where it stopped.
The exit status is 1 when references dangle or something could not be done.`

/** Walks through the bucket, a line for each finding. @returns the exit status */
export async function reconcileCommand(env: Environment, argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } }
  })
  if (values.help) return say(HELP, 0)
  const dryRun = values['dry-run'] ?? false
  return withDeps(env, async (deps, signal) => {
    const report = (finding: Finding) => console.log(line(finding, dryRun))
    const done = await reconcile(deps, { dryRun, signal, report })
    if (!done)
      return say('Another reconcile is at work, or was killed five minutes ago at most.', 1)
    const { listed, strays, removed, dangling, complete } = done
    console.log(
      `objects listed ${listed}, strays ${strays}, removed ${removed}, dangling_references ${dangling}`
    )
    if (!complete) return say('Stopped before the end: the next call goes on from here.', 1)
    return dangling > 0 || (!dryRun && removed < strays) ? 1 : 0
  })
}

/** Labels the bucket as that of the configured database. @returns the exit status */
export function adoptCommand(env: Environment): Promise<number> {
  return withDeps(env, async (deps) => {
    await adoptBucket(deps)
    return say('The bucket belongs to this database: what it does not know will be deleted.', 0)
  })
}

function line(finding: Finding, dryRun: boolean) {
  if ('refused' in finding) return `S3 refused: ${JSON.stringify(finding.refused)}`
  if ('dangling' in finding) {
    return `dangling ${finding.dangling.key} of user ${finding.dangling.userId}`
  }
  const what = finding.removed ? 'removed' : dryRun ? 'would remove' : 'could not remove'
  return `${what} ${JSON.stringify(finding.stray)}`
}

function say(text: string, status: number) {
  console.log(text)
  return status
}

const sentence = (err: unknown) => {
  const { message, cause } = withoutQuery(err) as Error
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

function adviceOn(err: unknown) {
  if (errorCode(err) === '42P01') return ' → directo migrate'
  return isDatabaseAway(err) ? ' → look at DATABASE_URL, and whether Postgres runs' : ''
}

async function withDeps(
  env: Environment,
  work: (deps: Deps, signal: AbortSignal) => Promise<number>
) {
  const config = readConfig(env)
  const database = openDatabase(config)
  const bucket = openBucket(config.s3)
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
  try {
    const deps = { config, db: database.db, bucket, now: () => new Date() }
    return await work(deps, stopping.signal)
  } catch (err) {
    throw new Error(`${sentence(err)}${adviceOn(err)}`, { cause: err })
  } finally {
    bucket.close()
    await database.close()
  }
}
