// A client that tries again as the contract says: what failed for a while, and nothing else.

import { setTimeout as sleep } from 'node:timers/promises'

import { Refused } from '../app.ts'
import type { Operation, Subject } from './operations.ts'
import type { Instance } from './world.ts'

export interface Outcome {
  /** `ok`, a problem's code, or `lost` when no answer came. */
  code: string
  message: string
  mayPass: boolean
}

/** What a client knows when whoever it asked is gone. */
export const LOST: Outcome = { code: 'lost', message: 'no answer', mayPass: true }

const TRIES = 8

export async function attempt(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    await run()
    return { code: 'ok', message: '', mayPass: false }
  } catch (err) {
    if (!(err instanceof Refused)) return { ...LOST, message: `${err}` }
    const { status, code } = err as Refused & { status: number; code: string }
    return { code, message: err.message, mayPass: status === 503 || code === 'OBJECT_CHANGED' }
  }
}

/** The last answer: of the first try, if that one is final, and of another where repeating is safe. */
export async function tryAgain(
  first: Outcome,
  { run, repeats }: Pick<Operation, 'run' | 'repeats'>,
  instance: Instance,
  subject: Subject
): Promise<Outcome> {
  let outcome = first
  if (repeats) outcome = { ...first, mayPass: true }
  for (let tries = 0; outcome.mayPass && tries < TRIES; tries++) {
    if (tries > 0) await sleep(10 * tries)
    outcome = await attempt(() => run(instance, subject))
  }
  return outcome
}
