// The instances: four places, in each a process that is killed and started again.

import { setTimeout as sleep } from 'node:timers/promises'

import { type Ends, type ServiceProcess, startProcess } from '../support/process.ts'
import type { Random } from '../support/random.ts'

export interface Place {
  name: string
  service: ServiceProcess
  /** It listens, as far as anybody knows. */
  isUp: boolean
  /** Requests that are on their way to it or in it. */
  inFlight: Set<string>
}

export type Fleet = Awaited<ReturnType<typeof startFleet>>

const SEEK_MS = 300 // for an instance that is busy

/** Starts an instance for every environment. */
export async function startFleet(
  ends: Ends,
  random: Random,
  environments: Record<string, string>[],
  onDeath: (sentence: string) => void
) {
  const start = async (environment: Record<string, string>, index: number): Promise<Place> => {
    const service = await startProcess(ends, environment)
    return { name: `instance ${index + 1}`, service, isUp: true, inFlight: new Set() }
  }
  const places = await Promise.all(environments.map(start))
  const up = () => places.filter(({ isUp }) => isUp)
  const atKills: string[][] = []
  let starting: Promise<unknown>[] = []

  async function victim() {
    while (up().length < 2) await sleep(20)
    for (const since = Date.now(); Date.now() - since < SEEK_MS; await sleep(5)) {
      const busy = up().filter(({ inFlight }) => inFlight.size > 0)
      if (busy.length > 0) return random.pick(busy)
    }
    return random.pick(up())
  }

  const died = ({ name, service }: Place) =>
    onDeath(`${name} ended by itself; it said last:\n${service.log}`)

  return {
    places,
    /** What was in flight at every kill so far. */
    atKills,
    /** Any instance that listens, once there is one. */
    async any() {
      while (up().length === 0) await sleep(20)
      return random.pick(up())
    },
    /** kill -9 of an instance in the middle of its work; another takes its place. */
    async killOne() {
      const place = await victim()
      if (!place.service.isRunning) died(place)
      atKills.push([...place.inFlight])
      place.isUp = false
      const restarted = place.service.restart().then(
        () => {
          place.isUp = true
        },
        (err) => onDeath(`${place.name} did not start: ${err.message}`)
      )
      starting = [...starting.slice(-10), restarted]
    },
    /** As an orchestrator would stop them all, with a grace. */
    async stop() {
      await Promise.all(starting)
      for (const place of places) if (!place.service.isRunning) died(place)
      await Promise.all(places.map(({ service }) => service.stop()))
    }
  }
}
