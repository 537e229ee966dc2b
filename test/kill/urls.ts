// Signed URLs that clients keep: each has to work until its time is over (I7).

import { getPast } from './client.ts'
import { type Person, violate, type World } from './world.ts'

interface Kept {
  person: Person
  url: string
  bytes: Buffer
  /** When it stops working. */
  until: number
  checkAt: number
  keptAt: number
  erasures: number
}

export type Urls = ReturnType<typeof urlKeeper>

const MARGIN_MS = 1500 // the check has to be over by then
const MOST = 2000

export function urlKeeper() {
  let kept: Kept[] = []
  let checked = 0

  // A removal lets URLs live; only an erasure ends them before their time.
  async function check(world: World, { person, url, bytes, until, keptAt, erasures }: Kept) {
    const { status, body } = await getPast(url, world.sandboxPort)
    const isErased = person.erasures !== erasures || keptAt < person.ghosts.erasure
    if (isErased || Date.now() >= until) return
    checked++
    if (status === 200 && body.equals(bytes)) return
    const left = Math.round((until - Date.now()) / 1000)
    violate(world, `I7: a URL answers ${status}, ${left} s before its end: ${url}`, person)
  }

  return {
    keep(world: World, person: Person, url: string, bytes: Buffer, expiresAt: string) {
      if (kept.length >= MOST) return
      const until = Date.parse(expiresAt)
      const last = until - MARGIN_MS
      if (last < Date.now()) return
      // Most at the last moment, some at any.
      const checkAt = world.random.chance(0.7) ? last : world.random.between(Date.now(), last)
      kept.push({
        person,
        url,
        bytes,
        until,
        checkAt,
        keptAt: Date.now(),
        erasures: person.erasures
      })
    },
    /** Checks what is due, or at the end whatever still has to work. */
    async checkDue(world: World, all = false) {
      const isDue = ({ checkAt }: Kept) => all || checkAt <= Date.now()
      const due = kept.filter(isDue)
      kept = kept.filter((url) => !isDue(url))
      for (const url of due) await check(world, url)
    },
    checked: () => checked
  }
}
