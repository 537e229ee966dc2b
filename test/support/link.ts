// A TCP link that fails at random: what it carries is delayed, cut, lost or never heard of again.

import { connect, createServer, type Socket } from 'node:net'

import type { Random } from './random.ts'

/** What all links of a run share. */
export interface Weather {
  /** As long as it is false, links carry everything. */
  stormy: boolean
  random: Random
  /** Told of every fault as it is injected. */
  tally: (fault: string) => void
}

export type Link = Awaited<ReturnType<typeof startLink>>

const FAULTS = { delay: 4, reset: 2, 'lost answer': 2, 'half-open': 1 }
const SPELLS = { silence: 3, refusal: 2 }
const CALM_MS = [2000, 12_000] as const // between two spells that hit all connections of a link
const HALF_OPEN_MS = 15_000 // then the system gives the connection up
const LONGEST_SILENCE_MS = 2500

export interface Temper {
  /** Of a fault, for every piece of data in either direction. */
  chance: number
  /** A request or an answer with one of these texts is lost more often, and the connection with it. */
  lost?: { texts: string[]; chance: number }
}

/** Listens on a free port and carries what comes to the host and port of `target`. */
export async function startLink(name: string, target: string, temper: Temper, weather: Weather) {
  const { port, hostname } = new URL(target)
  const { random } = weather
  const { chance, lost } = temper
  const sockets = new Set<Socket>()
  let spell: keyof typeof SPELLS | undefined
  let timer: NodeJS.Timeout | undefined
  const injected = (fault: string) => weather.tally(`${name}: ${fault}`)

  const server = createServer((client) => {
    if (spell === 'refusal') return client.destroy()
    const upstream = connect(Number(port), hostname)
    const pair = [client, upstream]
    const answers = { lost: false }
    for (const socket of pair) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        for (const end of pair) end.destroy()
      })
      if (spell === 'silence') socket.pause()
    }
    carry(client, upstream, () => {
      answers.lost = true
    })
    carry(upstream, client, undefined, () => answers.lost)
  })

  function carry(from: Socket, to: Socket, loseAnswers?: () => void, isLost = () => false) {
    from.on('data', (piece) => {
      if (isLost()) return void from.destroy()
      const text = lost?.texts.find((text) => piece.includes(text))
      if (text && weather.stormy && random.chance(lost!.chance)) {
        injected(`lost ${text}`)
        return void from.destroy()
      }
      const fault = weather.stormy && random.chance(chance) ? random.weighted(FAULTS) : undefined
      if (fault) injected(fault)
      if (fault === 'reset') return void from.resetAndDestroy()
      if (fault === 'half-open') return fallSilent(from, to)
      if (fault === 'lost answer') {
        if (!loseAnswers) return void from.destroy()
        loseAnswers()
      }
      if (fault !== 'delay') return void to.write(piece)
      from.pause()
      setTimeout(
        () => {
          if (to.writable) to.write(piece)
          if (spell !== 'silence') from.resume()
        },
        random.between(20, 500)
      ).unref()
    })
  }

  function fallSilent(...pair: Socket[]) {
    for (const socket of pair) {
      sockets.delete(socket) // the end of a spell must not wake it
      socket.pause()
      setTimeout(() => socket.destroy(), HALF_OPEN_MS).unref()
    }
  }

  function nextSpell() {
    timer = setTimeout(
      () => {
        if (weather.stormy) {
          spell = random.weighted(SPELLS)
          injected(spell)
          for (const socket of sockets) spell === 'silence' ? socket.pause() : socket.destroy()
        }
        timer = setTimeout(endSpell, random.between(200, LONGEST_SILENCE_MS))
      },
      random.between(...CALM_MS)
    )
  }

  // What was sent meanwhile arrives late, as TCP's own repeats bring it.
  function endSpell() {
    spell = undefined
    for (const socket of sockets) socket.resume()
    nextSpell()
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  nextSpell()
  const url = new URL(target)
  url.port = `${(server.address() as { port: number }).port}`
  return {
    /** The target's address, by way of this link. */
    url: url.href,
    close() {
      clearTimeout(timer)
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}
