// Plays some histories in a process of its own, for tap watches every promise of a test at a cost.

import fc from 'fast-check'
import type { Test } from 'tap'

import { newTally, play, type Tally } from './play.ts'
import { historyOf } from './steps.ts'
import { openSystem } from './system.ts'

/** How many, and from which seed; with a path, the one history that it leads to and what it shrinks to. */
export interface Task {
  numRuns: number
  maxSteps: number
  seed: number
  path: string
  /** In ms: a machine that is too busy plays fewer. */
  interruptAfterTimeLimit?: number
}

export interface Report {
  tally: Tally
  /** A history that failed, made as short as can be, and how to see it again. */
  failure?: { history: string; violation: string; replay: string }
}

const ends: (() => unknown)[] = []
const life = { teardown: (end: () => unknown) => void ends.unshift(end) }
const system = await openSystem(life as Test)

process.once('disconnect', () => process.exit()) // whoever asked is gone

process.once('message', async (task: Task) => {
  const tally = newTally()
  const property = fc.asyncProperty(historyOf(task.maxSteps), (history) =>
    play(system, tally, history)
  )
  const result = await fc.check(property, task)
  const failure = result.failed && {
    history: fc.stringify(result.counterexample),
    violation: `${(result.errorInstance as Error)?.stack ?? result.errorInstance}`,
    replay: `HISTORIES_SEED=${result.seed} HISTORIES_PATH=${result.counterexamplePath}`
  }
  for (const end of ends) await end()
  process.send!({ tally, ...(failure && { failure }) } satisfies Report, () => process.exit())
})
