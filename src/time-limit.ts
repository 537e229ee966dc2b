// Work that is told to stop when its time is over, or when its caller's is.

/**
 * Runs it with a signal that is aborted after so many milliseconds, or along with the caller's own.
 * Unlike AbortSignal.timeout and AbortSignal.any it leaves nothing behind: theirs would keep what each
 * of thousands of calls held until its time was over.
 */
export async function limited<Result>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>
): Promise<Result> {
  const controller = new AbortController()
  const stop = () => controller.abort(outer?.reason)
  const late = () => controller.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError'))
  const timer = setTimeout(late, ms)
  if (outer?.aborted) stop()
  else outer?.addEventListener('abort', stop)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
  }
}
