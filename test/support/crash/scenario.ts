// One scenario: somebody fails or is held at one moment, others go on, everybody tries again, the
// janitor comes, and the scanner looks.

import { setTimeout as sleep } from 'node:timers/promises'

import { BUCKET } from '../app.ts'
import { scan } from '../scanner.ts'
import { type Moment, nameOf } from '../wires/board.ts'
import { type ActName, acts } from './acts.ts'
import { DAY, type Operation, operations, type Subject } from './operations.ts'
import { attempt, LOST, type Outcome, tryAgain } from './retry.ts'
import type { Instance, World } from './world.ts'

export interface Plan {
  /** What is there before. */
  prepare: Operation['prepare']
  first: Part & { moment: Moment; act: ActName }
  /** Begins when the first is at its moment; with a moment of its own it is held there meanwhile. */
  second?: Part & { moment?: Moment }
  /** Time that passes before the second begins, in seconds. */
  between?: number
  /** Which last answers there may be: of the first, of the second. */
  lawful: (first: string, second: string) => boolean
  holds: (world: World, subject: Subject, first: string, second: string) => Promise<boolean>
}
type Part = Pick<Operation, 'run' | 'repeats'>

/** @returns what is wrong, in sentences; [] when nothing is */
export async function play(world: World, first: Instance, second: Instance | null, plan: Plan) {
  const { violations: seen } = await world.clear()
  const id = `user-${Math.random().toString(36).slice(2)}`
  const subject: Subject = { id, user: world.healthy.user(id), uploads: [] }
  await plan.prepare(world, subject)

  const strays = await unknownKeys(world) // those that the scenario begins with

  const { outcomes, deliver } = await perform(world, first, second, plan, subject)
  const parts = [plan.first, ...(plan.second ? [plan.second] : [])]
  const last: Outcome[] = []
  for (const [index, part] of parts.entries()) {
    last.push(await tryAgain(outcomes[index]!, part, world.healthy, subject))
  }
  const violations = judge(outcomes, last)
  const [one = '', two = ''] = last.map(({ code }) => code)
  if (!plan.lawful(one, two)) violations.push(`answers: ${one}, ${two}`)
  if (!(await plan.holds(world, subject, one, two))) violations.push(`after ${one}, ${two}: not so`)
  const look = async (swept: boolean) => {
    violations.push(...(await scan(world.sql, world.sandbox.door, BUCKET, { swept })))
    violations.push(...(await unknownKeys(world)).filter((key) => !strays.includes(key)).map(ahead))
  }
  // A walk that was left half-way is finished first, then everything is looked at once more.
  const walks = plan.first.run === operations.reconcile.run ? 2 : 1
  await look(false)
  violations.push(...(await cleanUp(world, walks)))
  if (plan.first.act === 'stall') {
    await deliver()
    await look(false)
    await cleanUp(world, walks) // what has landed this late only a walk can find
  }
  await look(true)
  return [...new Set([...violations, ...seen])]
}

// F31: the row comes before the bytes, so that whatever happens in between, somebody knows of them.
const ahead = (key: string) => `F31: ${key} was written without a row`

async function unknownKeys({ sql, sandbox }: World) {
  const rows = await sql`select key from objects`
  const known = new Set(rows.map(({ key }) => key))
  return sandbox.door.list(BUCKET, 'avatars/').filter((key) => !known.has(key))
}

/** The scenario did not come about: nothing is shown, neither good nor bad. */
export class NotReached extends Error {}

async function perform(
  world: World,
  first: Instance,
  second: Instance | null,
  plan: Plan,
  subject: Subject
) {
  const { moment, act } = plan.first
  const [one, two] = [gate(), gate()]
  const { promise: died, resolve: die } = Promise.withResolvers<Outcome>()
  const begin = () => {
    first.board.reset()
    first.board.arm(moment, async () => {
      await one.hold(plan.second !== undefined || act === 'stall')
      const verdict = await acts[act].perform(first)
      if (act === 'crash') die(LOST)
      return verdict
    })
    return Promise.race([attempt(() => plan.first.run(first, subject)), died])
  }
  const running = [begin()]
  await Promise.race([one.reached, running[0]])
  // An instance that lost a connection in the scenario before may answer 503 once more for it.
  for (let tries = 0; !one.isReached() && tries < 3; tries++) {
    const { code, message, mayPass } = await running[0]!
    if (!mayPass) throw new NotReached(`${nameOf(moment)} was not reached, but: ${code} ${message}`)
    running[0] = begin()
    await Promise.race([one.reached, running[0]])
  }
  if (!one.isReached()) throw new NotReached(`${nameOf(moment)} was not reached`)
  if (plan.between) await world.advance(plan.between)
  if (second && plan.second) {
    second.board.reset()
    if (plan.second.moment) {
      second.board.arm(plan.second.moment, () => two.hold(true).then(() => 'pass' as const))
    }
    running.push(attempt(() => plan.second!.run(second, subject)))
    await Promise.race([running[1], two.reached, somebodyWaits(world, running[1]!)])
  }
  if (act === 'stall') {
    const outcomes = await Promise.all(running)
    // What was held arrives, and has its effect, whoever is still there to hear of it.
    const deliver = async () => {
      one.open()
      await sleep(20)
    }
    return { outcomes, deliver }
  }
  one.open()
  if (second && plan.second?.moment) {
    await Promise.race([running[0], somebodyWaits(world, running[0]!)])
    two.open()
  }
  const outcomes = await Promise.all(running)
  if (act === 'outage') first.board.mend()
  return { outcomes, deliver: async () => {} }
}

function gate() {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  let isReached = false
  const hold = async (really: boolean) => {
    isReached = true
    reach()
    if (really) await opened
  }
  return { reached, isReached: () => isReached, open, hold }
}

// Whoever waits for a lock of the one that is held cannot go on before that one does.
async function somebodyWaits(world: World, until: Promise<unknown>) {
  let isOver = false
  until.then(() => {
    isOver = true
  })
  while (!isOver && !(await world.isAnybodyWaiting())) await sleep(2)
}

// What was answered once stays true, unless somebody undid it on purpose.
function judge(outcomes: Outcome[], last: Outcome[]) {
  const violations: string[] = []
  outcomes.forEach((outcome, index) => {
    const { code } = last[index]!
    for (const { code, message } of [outcome, last[index]!]) {
      if (code === 'INTERNAL') violations.push(`answered 500: ${message}`)
    }
    if (outcome.code === 'ok' && !['ok', ...UNDONE].includes(code)) {
      violations.push(`I10: was answered ok, then ${code}`)
    }
  })
  return violations
}

const UNDONE = ['UPLOAD_NOT_FOUND'] // after an erasure, and only then lawful

async function cleanUp(world: World, walks: number) {
  await world.isQuiet()
  await world.advance(3 * DAY)
  await world.healthy.janitor('sweep')
  const lies = await purgedKeys(world) // before the walk, which would remove them half a day later
  for (let walk = 0; walk < walks; walk++) await world.healthy.janitor('reconcile')
  return lies.map((key) => `I4: ${key} is there although its row says that it is purged`)
}

async function purgedKeys({ sql, sandbox }: World) {
  const rows = await sql`
    select key from objects where purged_at is not null
    union all select 'staging/' || id from uploads where purged_at is not null`
  const stored = new Set(sandbox.door.list(BUCKET))
  return rows.map(({ key }) => key as string).filter((key) => stored.has(key))
}
