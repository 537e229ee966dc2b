// How Postgres carries out every statement of the service and the janitor: as auto_explain saw it do so.

import { makeEveryCall } from '../test/support/every-call.ts'
import { runCommand, startProcess } from '../test/support/process.ts'
import type { Million } from './million.ts'
import { startNotices } from './notices.ts'
import { readerId } from './rows.ts'
import type { World } from './world.ts'

const PEOPLE = 8 // from the sixth time on Postgres may use one plan for all parameters
const BATCH = 100
const LISTED = 2500 // two full pages of a listing, and one that is not
const GROWING = ['users', 'uploads', 'objects']
const MOST_IN_VAIN = 100

export interface Plan {
  /** The call it was part of. */
  call: string
  statement: string
  plan: string
  /** Of the quickest. */
  ms: number
  times: number
}

/** Makes every call over this database, and answers each statement with each plan that it had. */
export async function collectPlans(world: World, { url, sql, users }: Million): Promise<Plan[]> {
  const { ends, environment, bucket } = world
  const notices = await startNotices(ends, url)
  for (const [name, value] of Object.entries(SETTINGS)) {
    await sql.unsafe(`alter database ${new URL(url).pathname.slice(1)} set ${name} = ${value}`)
  }
  const listed = await sql<{ key: string }[]>`
    select avatar_key as key from users where avatar_key is not null
    order by avatar_key collate "C" limit ${LISTED}`
  await bucket.place(listed.map(({ key }) => key))
  const env = { ...environment, DATABASE_URL: notices.url, OPEN_UPLOADS_PER_USER: '2' }
  const service = await startProcess(ends, { ...env, DATABASE_POOL: '1' })
  const spread = (count: number) =>
    Array.from({ length: count }, (_, n) => readerId(Math.ceil((users * (n + 0.5)) / count)))
  const plans = new Map<string, Plan>()
  const keep = (call: string) => {
    for (const text of notices.take()) add(plans, call, text)
  }
  await makeEveryCall(
    {
      user: service.user,
      get: (path, token) => get(`${service.url}${path}`, token),
      sweep: () => runCommand(ends, ['sweep'], env).ended,
      reconcile: () => runCommand(ends, ['reconcile'], env).ended
    },
    spread(PEOPLE),
    spread(BATCH),
    keep
  )
  await service.stop()
  return [...plans.values()]
}

// Set for the database, not the server: nothing is explained while something is measured.
const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': 0,
  'auto_explain.log_level': 'notice',
  'auto_explain.log_parameter_max_length': 0, // every plan would be another
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'on'
}

/** Those that read a table that grows with users from end to end. */
export const scansOf = (plans: Plan[]) =>
  plans.filter(({ plan }) =>
    GROWING.some((table) => new RegExp(`Seq Scan on ${table}\\b`).test(plan))
  )

/** Those that read many rows in vain. */
export const wasteOf = (plans: Plan[]) =>
  plans.filter(({ plan }) =>
    [...plan.matchAll(/Rows Removed by [^:]+: (\d+)/g)].some(([, n]) => Number(n) > MOST_IN_VAIN)
  )

function add(plans: Map<string, Plan>, call: string, notice: string) {
  const [, ms, text, plan] =
    /^duration: ([\d.]+) ms {2}plan:\nQuery Text: ([\s\S]*?)\n((?:\S.*)\(cost=[\s\S]*)$/.exec(
      notice
    ) ?? []
  if (!ms || !text || !plan) throw new Error(`not a plan: ${notice}`)
  const statement = dedented(text)
  const key = `${statement}\n${shapeOf(plan)}`
  const known = plans.get(key)
  if (!known) plans.set(key, { call, statement, plan, ms: Number(ms), times: 1 })
  else Object.assign(known, { times: known.times + 1, ms: Math.min(known.ms, Number(ms)) })
}

// The kinds of nodes and what they are of; the rest differs from one time to the next.
const shapeOf = (plan: string) =>
  plan
    .split('\n')
    .filter((line) => line.includes('(cost='))
    .map((line) => line.replace(/\(cost=.*/, ''))
    .join('\n')

function dedented(text: string) {
  const lines = text.split('\n').filter((line) => line.trim())
  const margin = Math.min(...lines.slice(1).map((line) => line.search(/\S/)))
  return lines.map((line, at) => (at === 0 ? line.trim() : line.slice(margin))).join('\n')
}

async function get(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' }
  const answer = await fetch(url, { headers, redirect: 'manual' })
  await answer.arrayBuffer()
  return { statusCode: answer.status }
}
