// The log of an app in a test: at its most talkative, and read by nobody but for what should not be in it.

import type { Test } from 'tap'

// Tokens, and what S3's signatures come with.
const SECRETS = /eyJ[\w-]{10}|Bearer \w|AWS4|X-Amz-(Signature|Security)|"policy"/i

/** A logger that reads along. @throws when the test ends, with the first line that says too much */
export function quietLogger(t: Pick<Test, 'teardown'>, secrets: string[]) {
  let telling: string | undefined
  const write = (line: string) => {
    if (SECRETS.test(line) || secrets.some((one) => line.includes(one))) telling ??= line
  }
  t.teardown(() => {
    if (telling) throw new Error(`a secret is in the log: ${telling}`)
  })
  return { level: 'trace', stream: { write } }
}
