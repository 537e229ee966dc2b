// What a rolling restart did to those who asked meanwhile.

import type { Load } from './load.ts'

const ENOUGH = 0.95 // of the load that was promised

export const faultsOf = ({ asked }: Load) => asked.filter(({ fault }) => fault)

/** Prints the figures, and answers a sentence for everything that is not as it should be. */
export function report(load: Load, perSecond: number): string[] {
  const { asked, journeys, begunAt } = load
  const ends = asked.map(({ at }) => at).sort((a, b) => a - b)
  const seconds = (ends.at(-1)! - begunAt) / 1000
  const ms = asked.map(({ ms }) => ms).sort((a, b) => a - b)
  const quantile = (part: number) => `${ms[Math.floor(ms.length * part)]!.toFixed(1)} ms`
  const well = asked.filter(({ fault }) => !fault).map(({ at }) => at)
  const times = [begunAt, ...well.sort((a, b) => a - b)]
  const gap = Math.max(...times.slice(1).map((at, index) => at - times[index]!))
  const by = (key: 'name' | 'instance') =>
    Object.entries(Object.groupBy(asked, (one) => one[key]))
      .map(([value, some]) => `${some!.length} ${value || 'the balancer'}`)
      .sort()
      .join(', ')
  const spread = journeys.filter((instances) => new Set(instances).size === 3).length
  const faults = faultsOf(load)
  console.log(`
  requests     ${asked.length} in ${seconds.toFixed(1)} s: ${by('name')}
  answered by  ${by('instance')}
  failed       ${faults.length}
  time         p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, longest ${quantile(1 - 1e-9)}
  longest gap  ${gap.toFixed(1)} ms without a good answer
  uploads      ${journeys.length}, of which ${spread} were created on one instance, confirmed on another, read on the third
`)
  const problems = faults.slice(0, 10).map(({ name, instance, fault, at }) => {
    return `${name} at ${((at - begunAt) / 1000).toFixed(2)} s of ${instance || 'the balancer'}: ${fault}`
  })
  if (asked.length < ENOUGH * seconds * perSecond) problems.push('the load was too light')
  if (spread === 0) problems.push('no upload was spread over all instances')
  return problems
}
