// Waiting and giving up: repeat what may pass, stop when the signal says so.

import { AvatarUploadError } from './error.ts'
import { online } from './online.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/**
 * Repeats what fails with a retryable error, at most `retries` times. What would have to wait for more than half
 * a minute fails at once: nobody watches a progress bar for that long.
 */
export async function retrying<T>(
  { retries = 3, signal }: { retries?: number; signal?: AbortSignal },
  attempt: () => Promise<T>
): Promise<T> {
  for (let failures = 0; ; failures++) {
    throwIfCancelled(signal)
    try {
      return await attempt()
    } catch (err) {
      throwIfCancelled(signal)
      if (!(err instanceof AvatarUploadError) || !err.retryable || failures >= retries) throw err
      const ms = waitMs(failures, err.retryAfterSeconds)
      if (ms > LONGEST_WAIT_MS) throw err
      await orCancelled(sleep(ms), signal)
      await orCancelled(online(LONGEST_WAIT_MS), signal)
    }
  }
}

/** Full jitter (AWS, "Exponential backoff and jitter"), on top of what the server asked for. */
export function waitMs(failures: number, retryAfterSeconds = 0, random = Math.random()) {
  return retryAfterSeconds * 1000 + random * FIRST_WAIT_MS * 2 ** failures
}

/** Settles with the promise, or rejects as soon as the signal aborts; `late` gets what comes after that. */
export function orCancelled<T>(
  promise: Promise<T>,
  signal?: AbortSignal,
  late: (value: T) => unknown = () => {}
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      promise.then(late, () => {})
      reject(cancellation(signal))
    }
    if (signal?.aborted) return cancel()
    signal?.addEventListener('abort', cancel)
    const over = () => signal?.removeEventListener('abort', cancel)
    promise.then(resolve, reject).then(over)
  })
}

export function throwIfCancelled(signal?: AbortSignal) {
  if (signal?.aborted) throw cancellation(signal)
}

const cancellation = (signal?: AbortSignal) =>
  new AvatarUploadError('CANCELLED', { cause: signal?.reason })

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
