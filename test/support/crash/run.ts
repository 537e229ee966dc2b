// Runs cases, several worlds side by side, and counts what came of them.

import type { Test } from 'tap'

import type { Case } from './cases.ts'
import { play } from './scenario.ts'
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
}

export async function runCases(t: Test, cases: Case[], { worlds, realProcesses }: RunOptions) {
  const results: Result[] = []
  const queue = [...cases]
  const work = async () => {
    const world = await startWorld(t)
    const supply = realProcesses ? keepReady(world) : null
    const instances = { first: null as Instance | null, second: null as Instance | null }
    for (let next = queue.shift(); next; next = queue.shift()) {
      results.push(await runCase(world, next, supply, instances))
    }
    await Promise.all([supply?.close(), instances.first?.close(), instances.second?.close()])
  }
  await Promise.all(Array.from({ length: worlds }, work))
  return results
}

async function runCase(
  world: World,
  { group, title, plan, isCommand }: Case,
  supply: Supply | null,
  idle: { first: Instance | null; second: Instance | null }
): Promise<Result> {
  const first = await cast()
  idle.second ??= plan.second ? await world.inProcess() : null
  const violations = await play(world, first, idle.second, plan).catch((err) => [`${err.stack}`])
  // Whoever lives through it has to go on without a restart.
  if (plan.first.act !== 'crash' && violations.length === 0) idle.first = first
  else {
    first.close().catch(() => {})
    idle.second?.close().catch(() => {})
    idle.second = null
  }
  return { group, title, violations }

  async function cast() {
    if (plan.first.act === 'crash' && supply) return isCommand ? world.asCommands() : supply.take()
    const kept = idle.first
    idle.first = null
    return kept ?? world.inProcess()
  }
}

type Supply = ReturnType<typeof keepReady>

// Starting a process takes longer than a scenario: the next is started while this one is used.
function keepReady({ inRealProcess }: World) {
  let next = inRealProcess()
  return {
    async take() {
      const ready = await next
      next = inRealProcess()
      next.catch(() => {})
      return ready
    },
    close: async () => (await next).close()
  }
}
