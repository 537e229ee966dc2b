// The outages: what goes away and for how long, and what must still be answered.

import type { Postgres } from '../../src/dev/postgres.ts'
import type { Sandbox } from '../../src/dev/sandbox/server.ts'

export interface Outage {
  name: string
  seconds: number
  begin: () => unknown
  end: () => unknown
  /** Operations that may be refused with 503; every other has to be answered as always. */
  suffers: string[]
  /** The code of that 503. */
  code: 'DATABASE_UNAVAILABLE' | 'STORAGE_UNAVAILABLE'
  /** Whether the service has to call itself unready. */
  unready: boolean
  /** Calls to S3 that one confirm may make, each repetition counted. */
  callsPerConfirm?: Record<string, number>
}

export interface Victims {
  /** Its `stop` and `start` keep the port. */
  postgres: Postgres & { start: () => Promise<unknown> }
  sandbox: Sandbox
  /** In front of the sandbox. */
  proxy: { silence: () => void; recover: () => void }
}

const OF_DATABASE = ['create', 'confirm', 'read', 'look', 'abort', 'remove']
const SLOW_DOWN = { status: 503, code: 'SlowDown' }
export const REPEATED = 3 // a call to S3 that fails is made so often at most

export function outagesOf({ postgres, sandbox, proxy }: Victims): Outage[] {
  let undo: () => void
  const s3 = { end: () => undo(), suffers: ['confirm'], code: 'STORAGE_UNAVAILABLE' as const }
  const misbehave = (rule: () => () => void) => () => {
    undo = rule()
  }
  return [
    {
      name: 'Postgres is stopped and started again',
      seconds: 10,
      begin: postgres.stop,
      end: postgres.start,
      suffers: OF_DATABASE,
      code: 'DATABASE_UNAVAILABLE',
      unready: true
    },
    {
      ...s3,
      name: 'S3 takes every request and answers none',
      seconds: 30,
      begin: misbehave(() => sandbox.misbehave.hang('*')),
      unready: true
    },
    {
      ...s3,
      name: 'the network swallows what goes to S3',
      seconds: 15,
      begin: proxy.silence,
      end: proxy.recover,
      unready: true
    },
    {
      ...s3,
      name: 'S3 answers 503 SlowDown to everything',
      seconds: 30,
      begin: misbehave(() => sandbox.misbehave.fail('*', SLOW_DOWN)),
      unready: true,
      callsPerConfirm: { HeadObject: REPEATED, CopyObject: 0, GetObject: 0 }
    },
    {
      ...s3,
      name: 'S3 answers SlowDown to copies',
      seconds: 5,
      begin: misbehave(() => sandbox.misbehave.fail('CopyObject', SLOW_DOWN)),
      unready: false,
      callsPerConfirm: { HeadObject: 1, CopyObject: REPEATED, GetObject: 0 }
    },
    {
      ...s3,
      name: 'S3 answers SlowDown to reads',
      seconds: 5,
      begin: misbehave(() => sandbox.misbehave.fail('GetObject', SLOW_DOWN)),
      unready: false,
      callsPerConfirm: { HeadObject: 1, CopyObject: 1, GetObject: REPEATED }
    }
  ]
}
