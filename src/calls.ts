// Calls that leave the process, told to whoever watches: nobody, unless traces are on.

import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'

/** What is told of a call: what is done, such as `HeadObject`; never to what, nor with what. */
export interface Call {
  operation: string
  error?: unknown
}

export const channels = {
  s3: tracingChannel<unknown, Call>('directo:s3'),
  /** The operation is the statement, with `$1` where its parameters go. */
  postgres: tracingChannel<unknown, Call>('directo:postgres'),
  janitor: tracingChannel<unknown, Call>('directo:janitor')
} satisfies Record<string, TracingChannel<unknown, Call>>

export type Channel = keyof typeof channels

/** Does it, and tells who watches; without them it costs nothing. */
export function watched<Result>(
  channel: Channel,
  operation: string,
  work: () => Promise<Result>
): Promise<Result> {
  const { hasSubscribers } = channels[channel]
  return hasSubscribers ? channels[channel].tracePromise(work, { operation }) : work()
}
