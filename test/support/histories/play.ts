// Plays a history on the real system, step by step.

import { finish } from './finish.ts'
import { checkUrls, settle } from './judge.ts'
import { type Performed, perform } from './perform.ts'
import { newPerson } from './person.ts'
import type { History, Step } from './steps.ts'
import type { System } from './system.ts'

export interface Tally {
  histories: number
  operations: number
  acknowledged: number
  refused: number
  /** Operations nobody heard an answer of, or whose answer was 503. */
  unknown: number
  crashes: number
}

export const newTally = (): Tally => ({
  ...{ histories: 0, operations: 0, acknowledged: 0, refused: 0, unknown: 0, crashes: 0 }
})

export type Scene = ReturnType<typeof sceneOf>

function sceneOf(system: System, tally: Tally) {
  const people = { ada: newPerson('ada'), bob: newPerson('bob') }
  const everybody = Object.values(people)
  /** Whether the last walk of a reconcile came to its end. */
  const isWalkWhole = true
  return { system, tally, people, everybody, isWalkWhole }
}

/** @throws on the first contradiction, and when the end leaves anything to complain of */
export async function play(system: System, tally: Tally, history: History) {
  const { steps, heedsConditions } = history
  const scene = sceneOf(system, tally)
  const undo = heedsConditions ? () => {} : system.sandbox.misbehave.lie('copy-conditions')
  tally.histories += 1
  try {
    for (const step of steps) await take(scene, step)
    await finish(scene)
  } finally {
    undo()
    await system.wipe()
  }
}

export async function take(scene: Scene, step: Step) {
  const { clock, watched } = scene.system
  if ('advance' in step) await clock.advance(step.advance)
  else await act(scene, step)
  if ('advance' in step || step.acts.some((act) => DELETING.has(act.do))) await checkUrls(scene)
  if (watched.violations.length > 0) throw new Error(watched.violations.join('\n'))
}

const DELETING = new Set(['sweep', 'reconcile', 'remove', 'erase'])

async function act(scene: Scene, { acts, death }: Exclude<Step, { advance: number }>) {
  const { system, tally, people } = scene
  const from = Date.now()
  const { by } = acts[0]!
  if (death) system.instances.get(by).wires.dieAt(death)
  const others: Promise<unknown>[] = []
  const performing = acts.map((act) => {
    const one = perform(scene, act, acts, () => Promise.allSettled(others))
    if (act.do !== 'land') others.push(one)
    return one
  })
  const outcomes = await Promise.allSettled(performing)
  if (death) await system.instances.replace(by)
  if (death) tally.crashes += 1
  const performed = outcomes.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  for (const person of new Set(acts.map(({ user }) => people[user]))) {
    const theirs = performed.filter((_, index) => people[acts[index]!.user] === person)
    await settle(scene, person, theirs satisfies Performed[][], from)
  }
}
