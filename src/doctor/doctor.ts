// The doctor: makes every check, one after the other, and says what the bucket can do.

import type { Config } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { openClients } from '../s3/client.ts'
import { deleteObjects } from '../s3/delete.ts'
import { type Ability, abilities } from '../stores.ts'
import { access } from './access.ts'
import { type Check, type Finding, fail, note, pass, type Subject } from './check.ts'
import { copies } from './copies.ts'
import { database } from './database.ts'
import { sentence } from './errors.ts'
import { forms } from './forms.ts'
import { identity } from './identity.ts'
import { lifecycle } from './lifecycle.ts'
import { permissions } from './permissions.ts'
import { publishing, puts } from './puts.ts'
import { reads } from './reads.ts'
import { redis } from './redis.ts'
import { settings } from './settings.ts'

export interface Result extends Finding {
  name: string
  /** The check that failed, because of which this one was not made. */
  because?: string
  /** It came to nothing: neither good nor bad is known. */
  unknown?: boolean
}

export interface Diagnosis {
  ok: boolean
  /** What the bucket can do, as a STORE value; null when it enforces neither POST nor PUT. */
  store: string | null
  checks: Result[]
}

interface Options {
  now?: () => Date
  /** Once aborted, no further check is made; what was put into the bucket is still deleted. */
  signal?: AbortSignal
  /** Which of the checks are made: all. */
  wanted?: (check: Check) => boolean
}

/** Looks at the configured bucket and database, touching nothing in them but keys of its own. */
export async function examine(config: Config, options: Options = {}): Promise<Diagnosis> {
  const { now = () => new Date(), signal, wanted = () => true } = options
  const { close, ...clients } = openClients(config.s3)
  const { db, close: closeDatabase } = openDatabase(config)
  const { bucket: name, deadlineMs, store, method } = config.s3
  const s3 = { ...clients, name, deadlineMs, store, method }
  const keys = new Set<string>()
  const inTime = (signals: AbortSignal[]) => {
    const bounded = AbortSignal.any([...signals, AbortSignal.timeout(deadlineMs)])
    return { config, s3: { ...s3, signal: bounded }, db, now, keys, signal: bounded }
  }
  const results: Result[] = []
  const checks = checksOf(config).filter(wanted)
  for (const check of checks) {
    if (signal?.aborted) break
    results.push(await look(check, inTime(signal ? [signal] : []), results))
  }
  if (signal?.aborted) results.push({ name: 'examination', ...fail('stopped before its end') })
  if (keys.size > 0) results.push(await look(cleanUp, inTime([]), results))
  close()
  await closeDatabase(0)
  return diagnose(checks, results, store.can)
}

/** Every check of such a configuration, in the order in which they are made. */
export const checksOf = (config: Config): Check[] => [
  ...access,
  ...permissions,
  ...forms,
  ...puts,
  ...copies,
  ...reads,
  publishing,
  ...settings(config),
  ...lifecycle,
  ...database,
  ...identity(config),
  ...redis(config)
]

async function look({ name, needs = [], run, vital }: Check, subject: Subject, before: Result[]) {
  const lacking = before.find((one) => needs.includes(one.name) && blocks(one))
  if (lacking) {
    const because = lacking.because ?? lacking.name
    return { name, ...note(`not looked at, because of "${because}"`), because }
  }
  try {
    const finding = await run(subject)
    return { name, ...finding, advice: finding.advice ?? (isBad(finding) ? vital : undefined) }
  } catch (err) {
    return { name, ...fail(sentence(err), 'nothing is known of this: try again'), unknown: true }
  }
}

const blocks = ({ outcome }: Finding) => outcome === 'fail' || outcome === 'note'

const isBad = ({ outcome }: Finding) => outcome === 'fail'

const cleanUp: Check = {
  name: 'clean-up',
  run: async ({ s3, keys, config }) => {
    const { deleted, refused } = await deleteObjects(s3, [...keys])
    if (deleted.length === keys.size) return pass('everything the doctor put there is deleted')
    const gone = new Set(deleted)
    const left = [...keys].filter((key) => !gone.has(key))
    const why = Object.keys(refused).join()
    return fail(
      `${left.length} objects may be left ${why}`.trim(),
      `delete in ${config.s3.bucket}: ${left.join(' ')}`
    )
  }
}

function diagnose(checks: Check[], results: Result[], claimed: ReadonlySet<Ability>): Diagnosis {
  const found = (Object.keys(abilities) as Ability[]).filter((ability) => {
    if (results.some(({ can }) => can === ability)) return true
    const named = new Set(checks.filter((one) => one.ability === ability).map(({ name }) => name))
    const its = results.filter(({ name, because }) => named.has(name) && !because)
    return its.length > 0 && its.every(({ outcome }) => outcome === 'pass')
  })
  const isUsable = found.includes('post') || found.includes('put')
  const isWhole =
    results.length >= checks.length &&
    !checks.some((one) => one.ability && results.some((it) => it.name === one.name && it.unknown))
  const store = isUsable && isWhole ? found.join('+') : null
  const advice = store
    ? `STORE=${store} (directo doctor --keep)`
    : 'no STORE makes uploads safe here: neither POST nor PUT is enforced'
  const judged = results.map((result) => {
    const { ability, vital } = checks.find(({ name }) => name === result.name) ?? {}
    if (!ability || vital || result.outcome !== 'fail') return result
    return claimed.has(ability) ? { ...result, advice: result.advice ?? advice } : asFact(result)
  })
  return { ok: store !== null && !judged.some(isBad), store, checks: judged }
}

const asFact = ({ name, detail }: Result): Result => ({ name, ...note(detail) })
