// The figures of a kill run.

import type { Outcome, World } from './world.ts'

interface Run {
  world: World
  faults: Map<string, number>
  crashes: number
  left: { before: number; purged: number; strays: number; live: number; objects: number }
  seconds: number
  seed: number
}

export function report({ world, faults, crashes, left, seconds, seed }: Run) {
  const { fleet, outcomes, durations, urls, violations } = world
  const { atKills } = fleet
  const inFlight = atKills.flat().length
  const busy = atKills.filter((calls) => calls.length > 0).length
  console.log(`
${Math.round(seconds)} s, SEED=${seed}
kills        ${atKills.length} of an instance, ${crashes} of Postgres
in flight    ${(inFlight / atKills.length).toFixed(1)} operations at a kill on average, at least one at ${busy} kills
             ${counted(atKills.flat().map((call) => call.split(' ')[0]!))}
faults       ${[...faults].sort().map(pair).join('\n             ')}

operation    acknowledged   refused   unknown    p50 ms    p99 ms`)
  for (const [name, counts] of [...outcomes].sort())
    console.log(row(name, counts, durations.get(name)))
  console.log(`
URLs         ${urls.checked()} signed URLs looked at before their end
at the end   ${left.before} objects in the bucket, ${left.purged} purged by sweeps, ${left.strays} strays removed
left         ${left.live} live avatars, ${left.objects} objects
violations   ${violations.length}`)
  for (const violation of violations) console.log(`  ${violation}`)
}

const pair = ([name, count]: [string, number]) => `${count} ${name}`

function counted(names: string[]) {
  const groups = Object.entries(Object.groupBy(names, (name) => name))
  return groups.map(([name, group]) => `${group!.length} ${name}`).join(', ')
}

function row(name: string, counts: Map<Outcome, number>, ms: number[] = []) {
  const sorted = ms.toSorted((a, b) => a - b)
  const quantile = (part: number) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0)
  const numbers = [
    ...(['acknowledged', 'refused', 'unknown'] as const).map((outcome) => counts.get(outcome) ?? 0),
    quantile(0.5),
    quantile(0.99)
  ]
  const widths = [12, 10, 10, 10, 10]
  return name.padEnd(13) + numbers.map((number, i) => `${number}`.padStart(widths[i]!)).join('')
}
