// Telling a watcher what is asked and what is answered.

import type { ClientOptions, Step } from './options.ts'
import { throwIfCancelled } from './wait.ts'

/** Performs one request between telling of its beginning and of its end. */
export async function observed<Answer extends { status: number; body: string }>(
  { onStep, signal }: Pick<ClientOptions, 'onStep' | 'signal'>,
  step: Step,
  perform: () => Promise<Answer>
): Promise<Answer> {
  onStep?.(step)
  try {
    // An aborted signal tells no listener any more: nobody would cut off what leaves now.
    throwIfCancelled(signal)
    const answer = await perform()
    const { status, body } = answer
    step.answer = { status, body }
    return answer
  } catch (err) {
    step.error = err
    throw err
  } finally {
    onStep?.(step)
  }
}
