// The matrix: every point of every operation with everything that can happen there, alone and in pairs.

import { type Moment, nameOf } from '../wires/board.ts'
import { type ActName, acts } from './acts.ts'
import { type Operation, type OperationName, operations } from './operations.ts'
import { pairs } from './pairs.ts'
import { points } from './points.ts'
import type { Plan } from './scenario.ts'

export interface Case {
  group: string
  title: string
  plan: Plan
  /** Run by the janitor's commands, not by an instance that serves. */
  isCommand: boolean
}

/** One operation, nobody else. */
export function singles(names: readonly ActName[], which = momentsOf): Case[] {
  return Object.entries<Operation>(operations).flatMap(([group, operation]) => {
    const { prepare, run, repeats, answer = 'ok', holds = async () => true } = operation
    return which(group as OperationName).flatMap((moment) =>
      fitting(names, moment).map((act) => ({
        group,
        title: `${group} · ${nameOf(moment)} · ${act}`,
        isCommand: isCommand(group),
        plan: {
          prepare,
          first: { run, repeats, moment, act },
          lawful: (one) => one === answer,
          holds
        }
      }))
    )
  })
}

/** Two at once: the second runs, as far as it can, while the first is at its moment. */
export function doubles(names: readonly ActName[], which = Object.keys(pairs)): Case[] {
  return which.flatMap((group) => {
    const { first, ...pair } = pairs[group]!
    const { run, repeats } = operations[first] as Operation
    return momentsOf(first).flatMap((moment) =>
      fitting(names, moment).map((act) => ({
        group,
        title: `${group} · ${nameOf(moment)} · ${act}`,
        isCommand: isCommand(first),
        plan: { ...pair, first: { run, repeats, moment, act } }
      }))
    )
  })
}

/** Two at once, each held at one of its points: all pairs of them (F11). */
export function meetings(group: string): Case[] {
  const { first, ...pair } = pairs[group]!
  const { run, repeats } = operations[first] as Operation
  const pauses = momentsOf(first).filter(({ when }) => when === 'before')
  return pauses.flatMap((moment) =>
    pauses.map((other) => ({
      group: `${group}, all pairs of points`,
      title: `${group} · ${nameOf(moment)} · ${nameOf(other)}`,
      isCommand: false,
      plan: {
        ...pair,
        first: { run, repeats, moment, act: 'delay' as const },
        second: { ...pair.second, moment: other }
      }
    }))
  )
}

export function momentsOf(name: OperationName): Moment[] {
  return (['postgres', 's3'] as const).flatMap((wire) =>
    points[name][wire].flatMap((effect) =>
      (['before', 'after'] as const).map((when) => ({ wire, effect, when }))
    )
  )
}

/** Those that no other kind of confirm has: for when there is no time to see each of them in each. */
export function newMomentsOf(name: OperationName): Moment[] {
  const known = new Set<string>()
  for (const other of Object.keys(points) as OperationName[]) {
    if (other === name) break
    if (other.startsWith('confirm') && name.startsWith('confirm')) {
      momentsOf(other).forEach((moment) => void known.add(nameOf(moment)))
    }
  }
  return momentsOf(name).filter((moment) => !known.has(nameOf(moment)))
}

/**
 * Dying after an effect cannot be told from dying before the next: these are all the moments to die
 * at that differ, as far as the effects come one by one.
 */
export function isLastOrBefore({ title, plan }: Case): boolean {
  const { wire, effect, when } = plan.first.moment
  const name = Object.keys(points).find((name) => title.startsWith(`${name} `)) as OperationName
  return when === 'before' || points[name]?.[wire].at(-1) === effect
}

const fitting = (names: readonly ActName[], moment: Moment) =>
  names.filter((name) => acts[name].fits(moment))

const isCommand = (name: string) => name === 'sweep' || name === 'reconcile'
