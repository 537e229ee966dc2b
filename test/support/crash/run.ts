// Runs cases, several worlds side by side, and counts what came of them.

import type { Test } from 'tap'

import type { Case } from './cases.ts'
import { NotReached, play } from './scenario.ts'
import { type Instance, startWorld, type World } from './world.ts'

export interface Result {
  group: string
  title: string
  violations: string[]
}

export interface RunOptions {
  worlds: number
  /** Whether whoever crashes is a process of its own, killed with kill -9. */
  realProcesses: boolean
  /** Told of every result as it comes. */
  report?: (result: Result) => void
}

export async function runCases(t: Test, cases: Case[], options: RunOptions) {
  const { worlds, realProcesses, report } = options
  const results: Result[] = []
  const queue = [...cases]
  const work = async () => {
    const world = await startWorld(t)
    const supply = realProcesses ? keepReady(world) : null
    const instances: Idle = { first: null, second: null }
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await runCase(world, next, supply, instances)
      results.push(result)
      report?.(result)
    }
    await Promise.all([supply?.close(), instances.first?.close(), instances.second?.close()])
  }
  // When one world comes to nothing, the others stop after what they are at.
  const works = Array.from({ length: worlds }, () =>
    work().catch((err) => {
      queue.length = 0
      throw err
    })
  )
  await Promise.allSettled(works)
  await Promise.all(works)
  return results
}

interface Idle {
  first: Instance | null
  second: Instance | null
}

async function runCase(
  world: World,
  one: Case,
  supply: Supply | null,
  idle: Idle,
  tries = 0
): Promise<Result> {
  const { group, title, plan, isCommand } = one
  const { act } = plan.first
  const givesUp = act === 'outage' || act === 'stall'
  const first = await cast()
  idle.second ??= plan.second ? await world.inProcess() : null
  const failure: unknown[] = []
  const violations = await play(world, first, idle.second, plan).catch((err) => {
    failure.push(err)
    return [`${err.stack}`]
  })
  // Whoever lives through it has to go on without a restart.
  if (act !== 'crash' && !givesUp && violations.length === 0) idle.first = first
  else {
    first.close().catch(() => {})
    idle.second?.close().catch(() => {})
    idle.second = null
  }
  // On a busy machine the impatient may give up before they are where they should be.
  if (givesUp && failure[0] instanceof NotReached && tries < 5) {
    return runCase(world, one, supply, idle, tries + 1)
  }
  return { group, title, violations }

  async function cast() {
    if (act === 'crash' && supply) return isCommand ? world.asCommands() : supply.take()
    if (givesUp) return world.inProcessImpatient()
    const kept = idle.first
    idle.first = null
    return kept ?? world.inProcess()
  }
}

type Supply = ReturnType<typeof keepReady>

// Starting a process takes longer than a scenario: the next is started while this one is used.
function keepReady({ inRealProcess }: World) {
  const start = () => {
    const starting = inRealProcess()
    starting.catch(() => {}) // heard by whoever takes it
    return starting
  }
  let next = start()
  return {
    async take() {
      const ready = next
      next = ready.then(start, start)
      next.catch(() => {})
      return ready
    },
    close: async () => (await next).close()
  }
}
