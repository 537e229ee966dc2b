// So much of one kind of work at once and no more, so that it leaves room for the rest, and for everybody.

import { problem } from '../errors.ts'

export const PATIENCE_MS = 2000
const SHARES = 8

/** Says what is still under way when the work has its result; the place is free after that. It never rejects. */
export type Hold = (late: Promise<unknown>) => void

interface Waiting {
  who: string
  begin: () => void
}

/**
 * Lets so many run at once, and of one caller an eighth of them, or who repeats what is slow would hold all
 * places. As many again wait their turn, for two seconds at most.
 * @throws {Problem} RATE_LIMITED when there is no room for this caller, OVERLOADED when there is none for
 *   anybody; before anything has been begun
 */
export function openBulkhead(atOnce: number, patienceMs = PATIENCE_MS) {
  const share = Math.ceil(atOnce / SHARES)
  const running = new Map<string, number>()
  let all = 0
  const waiting = new Set<Waiting>()

  const runningOf = (who: string) => running.get(who) ?? 0
  const hasRoom = (who: string) => all < atOnce && runningOf(who) < share

  function enter(who: string) {
    all += 1
    running.set(who, runningOf(who) + 1)
  }

  function leave(who: string) {
    all -= 1
    const left = runningOf(who) - 1
    if (left > 0) running.set(who, left)
    else running.delete(who)
    // Of those who had to wait, one at most has room by this.
    for (const one of waiting) if (hasRoom(one.who)) return one.begin()
  }

  function refusal(who: string) {
    if (runningOf(who) < share) return problem('OVERLOADED')
    return problem('RATE_LIMITED', `More than ${share} at once.`)
  }

  function turn(who: string) {
    return new Promise<void>((resolve, reject) => {
      const theirs = [...waiting].filter((one) => one.who === who)
      if (waiting.size >= atOnce || theirs.length >= share) return reject(refusal(who))
      const end = () => {
        clearTimeout(timer)
        waiting.delete(one)
      }
      const begin = () => {
        end()
        enter(who)
        resolve()
      }
      const timer = setTimeout(() => {
        end()
        reject(refusal(who))
      }, patienceMs)
      const one = { who, begin }
      waiting.add(one)
    })
  }

  return async function inTurn<Result>(
    who: string,
    work: (hold: Hold) => Promise<Result>
  ): Promise<Result> {
    if (hasRoom(who)) enter(who)
    else await turn(who)
    let held: Promise<unknown> | undefined
    try {
      return await work((late) => {
        held = late
      })
    } finally {
      if (held) void held.finally(() => leave(who))
      else leave(who)
    }
  }
}
