// So much of one kind of work at once and no more, so that it leaves room for the rest.

import { problem } from '../errors.ts'

const PATIENCE_MS = 2000

/**
 * Lets so many run at once. As many again wait their turn, for two seconds at most.
 * @throws {Problem} OVERLOADED when there is no room, before anything has been begun
 */
export function openBulkhead(atOnce: number, patienceMs = PATIENCE_MS) {
  let running = 0
  const waiting: Set<() => void> = new Set()

  function turn() {
    return new Promise<void>((resolve, reject) => {
      if (waiting.size >= atOnce) return reject(problem('OVERLOADED'))
      const leave = () => {
        clearTimeout(timer)
        waiting.delete(begin)
      }
      const begin = () => {
        leave()
        resolve()
      }
      const timer = setTimeout(() => {
        leave()
        reject(problem('OVERLOADED'))
      }, patienceMs)
      waiting.add(begin)
    })
  }

  return async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= atOnce) await turn()
    else running += 1
    try {
      return await work()
    } finally {
      // The place goes to the first who waits, and nobody comes between.
      const [next] = waiting
      if (next) next()
      else running -= 1
    }
  }
}
